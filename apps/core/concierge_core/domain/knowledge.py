"""Articles: what the property knows about itself, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from concierge_core.domain.ids import ArticleId, StaffId


class Origin(StrEnum):
    """Declared: from the tenant's YAML or a ConfigMap, read-only in the dashboard. Staff: made or overridden there."""

    DECLARED = "declared"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class ArticleText:
    """One language of an article: the question a guest would ask (with other ways to ask it) and the answer."""

    question: str
    answer: str
    also_asked: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Article:
    """One fact (or a few that belong together). `slug` is stable across languages and starts; unique per tenant and
    origin. A staff article with the slug of a declared one overrides it; `overridden_hash` is the declared content
    hash that the override was made against, so that a later change of the YAML can be flagged.
    """

    id: ArticleId
    slug: str
    origin: Origin
    texts: dict[str, ArticleText]
    content_hash: str
    updated_at: datetime
    topic: str | None = None
    department: str | None = None
    verbatim: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    overridden_hash: str | None = None
    updated_by: StaffId | None = None

"""Public question sets (JSON lines) as articles and questions, for training and evaluation.

`*_knowledge.jsonl` rows: `<kind>_id`, `<kind>` (name), `doc_id`, `question`, `answer`. Question rows: `<kind>_id`,
`name`, `query`, `gold` (ids; empty when nothing there answers it), `gold_equiv`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from concierge_ai.index import Index
from concierge_core.domain.ids import ArticleId
from concierge_core.domain.knowledge import Article, ArticleText, Origin


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the ids of the articles that answer it (none: nothing does)."""

    house: str
    text: str
    gold: frozenset[str]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def houses(path: Path, kind: str) -> dict[str, Index]:
    """An index per house of a knowledge file; `kind` is "hotel" or "restaurant"."""
    articles: dict[str, list[Article]] = defaultdict(list)
    names: dict[str, str] = {}
    for row in rows(path):
        house = row[f"{kind}_id"]
        names[house] = row[kind]
        articles[house].append(
            Article(
                id=ArticleId(row["doc_id"]),
                slug=f"article-{row['doc_id']}",
                origin=Origin.DECLARED,
                texts={"en": ArticleText(row["question"], row["answer"])},
                content_hash="",
                updated_at=datetime(2020, 1, 1, tzinfo=UTC),
            )
        )
    return {h: Index(of, default_language="en", names=[names[h]]) for h, of in articles.items()}


def questions(path: Path, kind: str) -> list[Asked]:
    """The questions of a file."""
    return [
        Asked(row[f"{kind}_id"], row["query"], frozenset(row.get("gold_equiv") or row["gold"]) | frozenset(row["gold"]))
        for row in rows(path)
    ]

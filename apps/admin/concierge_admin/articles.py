"""Articles as staff see them: one entry per slug, with the declared version and staff's own side by side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.runtime import Runtime


class Filter(StrEnum):
    """What the list is narrowed to."""

    ALL = "all"
    DECLARED = "declared"
    STAFF = "staff"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One article. Staff's version wins; at least one of the two is there."""

    slug: str
    declared: Article | None
    staff: Article | None

    @property
    def effective(self) -> Article:
        """What guests are answered from."""
        article = self.staff or self.declared
        assert article is not None
        return article

    @property
    def topic(self) -> str:
        """The group it is listed under; empty for none."""
        return self.effective.topic or ""

    @property
    def is_override(self) -> bool:
        """Staff's version stands in front of a declared one."""
        return self.staff is not None and self.declared is not None

    @property
    def declared_changed(self) -> bool:
        """The declared text is not the one any more that staff's version was written against (or is gone)."""
        if self.staff is None or self.staff.overridden_hash is None:
            return False
        return self.declared is None or self.declared.content_hash != self.staff.overridden_hash

    def text_in(self, language: str) -> ArticleText:
        """In this language, else in the first there is."""
        texts = self.effective.texts
        return texts.get(language) or next(iter(texts.values()))


async def entries(rt: Runtime) -> list[Entry]:
    """All, by topic and slug."""
    async with rt.store.read() as unit:
        articles = await unit.articles.all(rt.tenant_id)
    declared = {a.slug: a for a in articles if a.origin is Origin.DECLARED}
    staff = {a.slug: a for a in articles if a.origin is Origin.STAFF}
    found = [Entry(slug, declared.get(slug), staff.get(slug)) for slug in {*declared, *staff}]
    return sorted(found, key=lambda e: (e.effective.topic or "~", e.slug))


def matching(found: list[Entry], words: str, only: Filter) -> list[Entry]:
    """Those with every word somewhere in their texts, topic or slug."""
    wanted = words.casefold().split()
    return [e for e in found if _is(e, only) and all(w in _haystack(e) for w in wanted)]


def draft_from(entry: Entry | None, languages: list[str]) -> dict[str, str]:
    """The fields of the form for an article, or for a new one."""
    draft: dict[str, str] = {"topic": "", "department": "", "verbatim": "", "valid_from": "", "valid_to": ""}
    for language in languages:
        draft |= {f"question_{language}": "", f"also_asked_{language}": "", f"answer_{language}": ""}
    if entry is None:
        return draft
    article = entry.effective
    for language, text in article.texts.items():
        draft[f"question_{language}"] = text.question
        draft[f"also_asked_{language}"] = "\n".join(text.also_asked)
        draft[f"answer_{language}"] = text.answer
    return draft | {
        "topic": article.topic or "",
        "department": article.department or "",
        "verbatim": "on" if article.verbatim else "",
        "valid_from": article.valid_from.isoformat() if article.valid_from else "",
        "valid_to": article.valid_to.isoformat() if article.valid_to else "",
        "seen_staff": entry.staff.content_hash if entry.staff else "",
        "seen_declared": entry.declared.content_hash if entry.declared else "",
    }


def _is(entry: Entry, only: Filter) -> bool:
    if only is Filter.DECLARED:
        return entry.staff is None
    if only is Filter.STAFF:
        return entry.staff is not None
    return entry.declared_changed if only is Filter.CHANGED else True


def _haystack(entry: Entry) -> str:
    article = entry.effective
    texts = [part for t in article.texts.values() for part in (t.question, t.answer, *t.also_asked)]
    return " ".join([entry.slug, article.topic or "", *texts]).casefold()

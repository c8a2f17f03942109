"""Storing what staff write into the knowledge: checked, against what they saw, with its event and audit entry."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date

from concierge_admin.articles import Entry
from concierge_admin.wording import N_
from concierge_core.domain.events import KnowledgeChanged
from concierge_core.domain.ids import ArticleId, new_id
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.domain.people import Staff
from concierge_core.errors import Conflict, InvalidInput
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.use_cases.telling import publish

_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_LIMITS = {"question": 300, "answer": 4_000}
_MOST_OTHER_QUESTIONS = 20


class EditConflict(Conflict):
    """A colleague changed the article after this person opened the form."""


async def save(rt: Runtime, entry: Entry | None, draft: Mapping[str, str], staff: Staff) -> str:
    """Store staff's version and return its slug.

    Raises `InvalidInput` with a sentence for people, and `EditConflict` when the form shows an older version.
    """
    article = _article(rt, entry, draft, staff)
    async with rt.store.write() as unit:
        stored = {a.slug: a for a in await unit.articles.all(rt.tenant_id) if a.origin is Origin.STAFF}
        current = stored.get(article.slug)
        if entry is None:
            article = replace(article, slug=await _free_slug(rt, unit, article.slug))
        elif (current.content_hash if current else "") != draft.get("seen_staff", ""):
            raise EditConflict("the article changed meanwhile")
        if current is not None and entry is not None:
            article = replace(article, id=current.id)
        await unit.articles.save(rt.tenant_id, article)
        event = await _note(rt, unit, staff, "knowledge.saved", article.slug)
    await publish(rt, [event])
    return article.slug


async def drop(rt: Runtime, entry: Entry, staff: Staff) -> None:
    """Remove staff's version."""
    assert entry.staff is not None
    async with rt.store.write() as unit:
        await unit.articles.delete(rt.tenant_id, entry.staff.id)
        event = await _note(rt, unit, staff, "knowledge.dropped", entry.slug)
    await publish(rt, [event])


def content_hash(texts: Mapping[str, ArticleText], *rest: object) -> str:
    """A fingerprint of everything that guests could notice."""
    content = {language: asdict(text) for language, text in sorted(texts.items())}
    return hashlib.sha256(json.dumps([content, *map(str, rest)], ensure_ascii=False).encode()).hexdigest()


def _article(rt: Runtime, entry: Entry | None, draft: Mapping[str, str], staff: Staff) -> Article:
    texts = _texts(draft, rt.tenant.spec.property.languages)
    now = rt.clock.now()
    topic = _slugged(draft.get("topic", ""), 40) or None
    department = draft.get("department") or None
    if department is not None and rt.tenant.spec.property.department(department) is None:
        raise InvalidInput("bad_department", N_("Please choose the department from the list."))
    verbatim = draft.get("verbatim") == "on"
    valid_from, valid_to = _day(draft.get("valid_from", "")), _day(draft.get("valid_to", ""))
    if valid_from and valid_to and valid_to < valid_from:
        raise InvalidInput("bad_dates", N_("The last day lies before the first one: please swap them."))
    return Article(
        id=ArticleId(new_id(now)),
        slug=entry.slug if entry else _slugged(next(iter(texts.values())).question, 60) or "article",
        origin=Origin.STAFF,
        texts=texts,
        content_hash=content_hash(texts, topic, department, verbatim, valid_from, valid_to),
        updated_at=now,
        topic=topic,
        department=department,
        verbatim=verbatim,
        valid_from=valid_from,
        valid_to=valid_to,
        overridden_hash=_overridden(entry, draft),
        updated_by=staff.id,
    )


def _overridden(entry: Entry | None, draft: Mapping[str, str]) -> str | None:
    """The declared text that this person saw while writing; what is declared later counts as a change under it."""
    if entry is None or entry.declared is None:
        return None
    return draft.get("seen_declared") or entry.declared.content_hash


def _texts(draft: Mapping[str, str], languages: list[str]) -> dict[str, ArticleText]:
    texts = {}
    for language in languages:
        question, answer = (draft.get(f"{part}_{language}", "").strip() for part in ("question", "answer"))
        if not question and not answer:
            continue
        if len(question) < 2 or len(answer) < 2:
            raise InvalidInput("half", N_("Each language needs both a question and an answer, or neither."))
        if len(question) > _LIMITS["question"] or len(answer) > _LIMITS["answer"]:
            raise InvalidInput("too_long", N_("A question has at most 300 characters, an answer at most 4000."))
        texts[language] = ArticleText(question, answer, _other_questions(draft.get(f"also_asked_{language}", "")))
    if not texts:
        raise InvalidInput("empty", N_("Write the question and its answer in at least one language."))
    return texts


def _other_questions(lines: str) -> tuple[str, ...]:
    questions = tuple(q[: _LIMITS["question"]] for line in lines.splitlines() if (q := line.strip()))
    return questions[:_MOST_OTHER_QUESTIONS]


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidInput("bad_date", N_("Please write dates as year-month-day, such as 2026-05-01.")) from None


def _slugged(text: str, length: int) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_A_SLUG.sub("-", plain).strip("-")[:length].strip("-")


async def _free_slug(rt: Runtime, unit: Unit, wanted: str) -> str:
    taken = {a.slug for a in await unit.articles.all(rt.tenant_id)} | {"new", "rows"}
    if wanted not in taken:
        return wanted
    return next(s for n in range(2, len(taken) + 3) if (s := f"{wanted}-{n}") not in taken)


async def _note(rt: Runtime, unit: Unit, staff: Staff, action: str, slug: str) -> KnowledgeChanged:
    event = KnowledgeChanged()
    await unit.outbox.add(rt.tenant_id, event)
    await unit.audit.add(rt.tenant_id, actor=staff.id, action=action, subject=slug, details={}, now=rt.clock.now())
    return event

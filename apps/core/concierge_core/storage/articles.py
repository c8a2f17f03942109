"""Knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import ArticleId, StaffId, TenantId
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.storage.counters import KNOWLEDGE_VERSION, SqlCounters
from concierge_core.storage.schema import Article as ArticleRow
from concierge_core.storage.schema import table
from concierge_core.storage.transaction import Transaction

_articles = table(ArticleRow)
_CHANGING: Final = (
    "slug",
    "origin",
    "texts",
    "content_hash",
    "topic",
    "department",
    "verbatim",
    "valid_from",
    "valid_to",
    "overridden_hash",
    "updated_by",
    "updated_at",
)

_ALL = (
    select(_articles).where(_articles.c.tenant_id == bindparam("tenant")).order_by(_articles.c.slug, _articles.c.origin)
)
_GET = select(_articles).where(_articles.c.tenant_id == bindparam("tenant"), _articles.c.id == bindparam("article"))
_INSERT = insert(_articles)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["tenant_id", "id"], set_={name: _INSERT.excluded[name] for name in _CHANGING}
)
_CHANGE = update(_articles).where(_articles.c.tenant_id == bindparam("tenant"), _articles.c.id == bindparam("article"))
_DELETE = delete(_articles).where(
    _articles.c.tenant_id == bindparam("tenant"), _articles.c.id.in_(bindparam("ids", expanding=True))
)


class SqlArticles:
    """`ports.Articles`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction
        self._counters = SqlCounters(transaction)

    async def effective(self, tenant: TenantId) -> list[Article]:
        """What guests are answered from, by slug: a staff article takes the place of the declared one of its slug."""
        articles = await self.all(tenant)
        declared = {a.slug: a for a in articles if a.origin is Origin.DECLARED}
        return list((declared | {a.slug: a for a in articles if a.origin is Origin.STAFF}).values())

    async def all(self, tenant: TenantId) -> list[Article]:
        """Declared and staff's, by slug."""
        return [_article(row) for row in await self._in.rows(_ALL, tenant=tenant)]

    async def get(self, tenant: TenantId, article_id: ArticleId) -> Article | None:
        """By id."""
        rows = await self._in.to_change(_GET, tenant=tenant, article=article_id)
        return _article(rows[0]) if rows else None

    async def save(self, tenant: TenantId, article: Article) -> None:
        """New or changed. `Conflict` when another article of its origin has the slug."""
        await self._in.run(_PUT, {"tenant_id": tenant, "id": article.id} | _changing(article))
        await self._counters.advance(tenant, KNOWLEDGE_VERSION)

    async def delete(self, tenant: TenantId, article_id: ArticleId) -> None:
        """For ever; nothing happens when it is gone already."""
        if await self._in.run(_DELETE, {"tenant": tenant, "ids": [article_id]}):
            await self._counters.advance(tenant, KNOWLEDGE_VERSION)

    async def replace_declared(self, tenant: TenantId, articles: Sequence[Article]) -> int:
        """Make the declared articles exactly these (by slug and content hash); staff's stay. How many changed.

        A changed article keeps its id, so that what refers to it as a source goes on doing so.
        """
        # Locked first: two processes that start together load the knowledge one after the other.
        await self._counters.advance(tenant, KNOWLEDGE_VERSION, by=0)
        stored = {a.slug: a for a in await self.all(tenant) if a.origin is Origin.DECLARED}
        wanted = {a.slug: a for a in articles}
        gone = [a.id for slug, a in stored.items() if slug not in wanted]
        new = [a for slug, a in wanted.items() if slug not in stored]
        changed = [
            replace(a, id=stored[slug].id)
            for slug, a in wanted.items()
            if slug in stored and stored[slug].content_hash != a.content_hash
        ]
        await self._store(tenant, gone, new, changed)
        if gone or new or changed:
            await self._counters.advance(tenant, KNOWLEDGE_VERSION)
        return len(gone) + len(new) + len(changed)

    async def version(self, tenant: TenantId) -> str:
        """Changes whenever any article does; one row is read."""
        return str(await self._counters.value(tenant, KNOWLEDGE_VERSION))

    async def _store(
        self, tenant: TenantId, gone: Sequence[ArticleId], new: Sequence[Article], changed: Sequence[Article]
    ) -> None:
        if gone:
            await self._in.run(_DELETE, {"tenant": tenant, "ids": gone})
        await self._in.run_each(_INSERT, [{"tenant_id": tenant, "id": a.id} | _changing(a) for a in new])
        await self._in.run_each(_CHANGE, [{"tenant": tenant, "article": a.id} | _changing(a) for a in changed])


def _changing(article: Article) -> dict[str, Any]:
    plain = {name: getattr(article, name) for name in _CHANGING}
    return plain | {"origin": article.origin.value, "texts": {k: _text_json(t) for k, t in article.texts.items()}}


def _text_json(text: ArticleText) -> dict[str, Any]:
    return {"question": text.question, "answer": text.answer, "also_asked": list(text.also_asked)}


def _article(row: Row[Any]) -> Article:
    return Article(
        id=ArticleId(row.id),
        slug=row.slug,
        origin=Origin(row.origin),
        texts={k: ArticleText(t["question"], t["answer"], tuple(t["also_asked"])) for k, t in row.texts.items()},
        content_hash=row.content_hash,
        updated_at=row.updated_at,
        topic=row.topic,
        department=row.department,
        verbatim=row.verbatim,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        overridden_hash=row.overridden_hash,
        updated_by=StaffId(row.updated_by) if row.updated_by else None,
    )

"""The property's index, kept in step with its articles."""

from __future__ import annotations

import asyncio
from datetime import date

import structlog

from concierge_ai.index import Found, Index
from concierge_ai.understanding import read
from concierge_core.domain.ids import TenantId
from concierge_core.domain.knowledge import Article
from concierge_core.errors import Unavailable
from concierge_core.ports import Clock, Store
from concierge_core.tenant.model import ConciergeTenant

log = structlog.get_logger()
CHECK_SECONDS = 0.5
"""How often a changed version is looked for, at most; together with a build well under the 2 s promised."""


class Knowledge:
    """What one property knows. A new version is built aside while the old one answers; only the first build waits."""

    def __init__(self, store: Store, tenant: ConciergeTenant, clock: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._tenant_id = TenantId(tenant.spec.property.code)
        self._clock = clock
        self._index: Index | None = None
        self._version: str | None = None
        self._checked_at = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None

    async def search(self, text: str, language: str, *, spoken: str | None = None, limit: int = 6) -> Found:
        """The best passages valid today. With the database away the last index answers; none finds nothing.

        Until the first article is known the database itself is asked each time: a house whose articles were stored a
        moment ago must not answer its first guest that it knows nothing.
        """
        await self._ensure_fresh()
        if not self._index:
            await self._ensure_fresh(now=True)
        index = self._index
        if index is None:
            return Found.nothing()
        return index.search(text, language, spoken=spoken, today=self._today(), limit=limit)

    @property
    def index(self) -> Index | None:
        """The index that answers now."""
        return self._index

    @property
    def version(self) -> str | None:
        """The articles' version that answers now."""
        return self._version

    async def watch(self) -> None:
        """Look for changes for ever, so that an edit is known before the next guest asks."""
        while True:
            await self._ensure_fresh()
            await self._clock.sleep(CHECK_SECONDS)

    async def refresh(self) -> None:
        """Build anew if the articles changed."""
        self._checked_at = self._clock.monotonic()
        try:
            async with self._store.read() as unit:
                version = await unit.articles.version(self._tenant_id)
                if version == self._version:
                    return
                articles = await unit.articles.effective(self._tenant_id)
        except Unavailable as error:
            log.warning("knowledge_not_read", part=error.part)
            return
        self._index = await asyncio.to_thread(self._build, articles)
        self._version = version
        log.info("knowledge_indexed", articles=len(articles))

    def _build(self, articles: list[Article]) -> Index:
        spec = self._tenant.spec.property
        index = Index(articles, default_language=spec.default_language, names=(spec.name,))
        for language in spec.languages:  # compiles the words' expressions, which the first guest would wait for
            read(["?"], [], languages=spec.languages, current=language)
            index.search("?", language)
        return index

    async def _ensure_fresh(self, *, now: bool = False) -> None:
        due = now or self._clock.monotonic() - self._checked_at >= CHECK_SECONDS
        if self._refreshing is None and due:
            self._refreshing = asyncio.create_task(self.refresh())
            self._refreshing.add_done_callback(self._refreshed)
        if not self._index and self._refreshing is not None:
            await asyncio.wait([self._refreshing])  # whatever came of it, the guest is answered

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled() and task.exception() is not None:
            log.error("knowledge_not_indexed", error=type(task.exception()).__name__)

    def _today(self) -> date:
        return self._tenant.spec.property.local(self._clock.now()).date()

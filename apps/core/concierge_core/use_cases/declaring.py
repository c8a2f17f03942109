"""The knowledge that a property's YAML declares, made what guests are answered from."""

from __future__ import annotations

from collections.abc import Sequence

from concierge_core.domain.events import KnowledgeChanged
from concierge_core.domain.knowledge import Article
from concierge_core.runtime import Runtime


async def declare_articles(rt: Runtime, articles: Sequence[Article]) -> int:
    """Make the declared articles exactly these; what staff wrote or overrode stays. How many changed.

    Harmless when several processes do it with the same articles. Raises `Unavailable`.
    """
    async with rt.store.write() as unit:
        changed = await unit.articles.replace_declared(rt.tenant_id, articles)
        if changed:
            await unit.outbox.add(rt.tenant_id, KnowledgeChanged())
    return changed

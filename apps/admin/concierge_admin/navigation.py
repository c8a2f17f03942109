"""The frame of every page: where one can go, and how much waits there."""

from __future__ import annotations

from dataclasses import dataclass

from concierge_core.domain.conversation import Status
from concierge_core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Navigation:
    """Numbers beside the entries, and what is not well."""

    waiting: int
    open_requests: int
    live_is_slow: bool
    """Redis is away: news come from the database, a second or two later."""


async def navigation(rt: Runtime) -> Navigation:
    """As things stand now."""
    async with rt.store.read() as unit:
        counts = await unit.conversations.counts_by_status(rt.tenant_id)
        requests = await unit.requests.listed(rt.tenant_id, open_only=True)
    return Navigation(counts.get(Status.WAITING.value, 0), len(requests), not rt.broadcast.connected)

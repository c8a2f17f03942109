"""The frame of every page: where one can go, and how much waits there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from concierge_core.domain.conversation import Status
from concierge_core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Navigation:
    """Numbers beside the entries, and what is not well."""

    waiting: int
    open_requests: int
    live_is_slow: bool
    """Redis is away: news come from the database, a second or two later."""
    concierge_is_away: bool
    """Guests of the last minutes got no reply from the concierge and were passed to staff."""


_AWAY_FOR = timedelta(minutes=5)
_LOOKED_AT = 20


async def navigation(rt: Runtime) -> Navigation:
    """As things stand now."""
    async with rt.store.read() as unit:
        counts = await unit.conversations.counts_by_status(rt.tenant_id)
        requests = await unit.requests.listed(rt.tenant_id, open_only=True)
        latest = await unit.conversations.inbox(rt.tenant_id, limit=_LOOKED_AT)
    since = rt.clock.now() - _AWAY_FOR
    return Navigation(
        waiting=counts.get(Status.WAITING.value, 0),
        open_requests=len(requests),
        live_is_slow=not rt.broadcast.connected,
        concierge_is_away=any(c.handoff_reason == "concierge_failed" and c.updated_at > since for c in latest),
    )

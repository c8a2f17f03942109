"""Today in numbers, for whoever runs the house. Every number leads to where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, page
from concierge_admin.permissions import Permission
from concierge_core.domain.conversation import Status
from concierge_core.rollups import added_up
from concierge_core.runtime import Runtime

routes = APIRouter(route_class=PageRoute)
_A_PERSON = frozenset({"handoff", "conversation.taken_over"})
_DEEDS = 2_000
"""Newest audit entries looked at: more than the busiest day of one house has."""
Manager = Annotated[Visit, Depends(require(Permission.FIGURES_READ))]


@dataclass(frozen=True, slots=True)
class Today:
    """The property's day so far, from midnight local time."""

    conversations: int
    guest_messages: int
    replies: int
    with_a_person: int | None
    """Conversations of today that a person was called to or took over; None when too much happened to tell."""
    waiting: int
    with_staff: int
    open_requests: int
    overdue_requests: int

    @property
    def automation_percent(self) -> int | None:
        """Conversations of today without a person in them, of all of today; None without any."""
        if not self.conversations or self.with_a_person is None:
            return None
        return round(100 * max(0, self.conversations - self.with_a_person) / self.conversations)


@routes.get("/admin/today")
async def today(visit: Manager) -> Response:
    """The page."""
    return await page(visit, "today.html", figures=await figures(visit.desk.rt))


async def figures(rt: Runtime) -> Today:
    """Counted from the tables themselves, so never older than this moment."""
    now = rt.clock.now()
    midnight = _midnight(rt, now)
    async with rt.store.read() as unit:
        counted = await unit.analytics.recount(rt.tenant_id, start=midnight, end=now + timedelta(seconds=1))
        deeds = await unit.audit.entries(rt.tenant_id, limit=_DEEDS)
        by_status = await unit.conversations.counts_by_status(rt.tenant_id)
        requests = await unit.requests.listed(rt.tenant_id, open_only=True)
    metrics = _over_channels(added_up(counted))
    return Today(
        conversations=metrics.get("conversations_started", 0),
        guest_messages=metrics.get("messages_guest", 0),
        replies=metrics.get("messages_concierge", 0),
        with_a_person=_with_a_person(deeds, midnight),
        waiting=by_status.get(Status.WAITING.value, 0),
        with_staff=by_status.get(Status.WITH_STAFF.value, 0),
        open_requests=len(requests),
        overdue_requests=sum(r.due_at is not None and r.due_at < now for r in requests),
    )


def _with_a_person(deeds: list[dict[str, Any]], midnight: datetime) -> int | None:
    """Conversations begun since midnight that were handed off or taken over, each counted once however often it was."""
    if len(deeds) == _DEEDS and deeds[-1]["at"] >= midnight:
        return None
    # Ids begin with their time of creation (`ids.new_id`), so this compares times.
    first = f"{int(midnight.timestamp() * 1000):012x}"
    return len({d["subject"] for d in deeds if d["action"] in _A_PERSON and d["subject"] >= first})


def _midnight(rt: Runtime, now: datetime) -> datetime:
    local = rt.tenant.spec.property.local(now)
    return datetime.combine(local.date(), time(), tzinfo=local.tzinfo)


def _over_channels(counts: dict[tuple[str, str], float]) -> dict[str, int]:
    total: dict[str, int] = {}
    for (metric, _), value in counts.items():
        total[metric] = total.get(metric, 0) + int(value)
    return total

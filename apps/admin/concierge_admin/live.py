"""`/admin/events`: one Server-Sent Events connection per browser, shared by its tabs.

Small notices with ids go out; pages fetch the parts they concern. A connection lives ten minutes at most, then the
browser comes back with its last position (`Last-Event-ID`) and misses nothing. Bounded everywhere: places per session
and in all, the broadcast's queue, the backlog that is told one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from concierge_admin.feed import Feed, Notice
from concierge_admin.gate import Visit, require, still_may
from concierge_admin.pages import PageRoute
from concierge_admin.permissions import Permission
from concierge_core.errors import Unavailable
from concierge_core.ports import Resync, Subscription

LIFETIME_SECONDS = 600.0
HEARTBEAT_SECONDS = 15.0
_LOOK_UP_SECONDS = 1.0
"""How often a quiet connection looks whether the process is about to end."""
_LONGEST_BACKLOG = 500

routes = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(require(Permission.CONVERSATION_READ))]


@routes.get("/admin/events")
async def events(
    request: Request,
    visit: Reader,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """The stream. It begins after `Last-Event-ID`, else after `after`, else now."""
    visit.desk.live_places.check(visit.token)
    begin = int(last_event_id) if last_event_id and last_event_id.isdigit() else after
    return StreamingResponse(
        _stream(request, visit, begin), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def _stream(request: Request, visit: Visit, begin: int | None) -> AsyncIterator[bytes]:
    rt, clock = visit.desk.rt, visit.desk.rt.clock
    ends = clock.monotonic() + LIFETIME_SECONDS
    with visit.desk.live_places.taken(visit.token):
        async with rt.broadcast.subscribe(rt.tenant_id) as subscription:
            feed = Feed(begin if begin is not None else await _last_position(visit))
            yield b"retry: 2000\n\n" + _state(visit, feed.position)
            for notice in await _missed(visit, feed):
                yield notice.encode()
            while clock.monotonic() < ends and not await request.is_disconnected():
                async for chunk in _until_heartbeat(visit, feed, subscription):
                    yield chunk
                if visit.desk.live_places.closing:
                    return
                if not await _may_go_on(visit):
                    yield Notice({"kind": "signed_out"}).encode()
                    return
                yield _state(visit, feed.position)


async def _may_go_on(visit: Visit) -> bool:
    try:
        return await still_may(visit, Permission.CONVERSATION_READ)
    except Unavailable:
        # Asked again at the next heartbeat; the connection's ten minutes are the limit.
        return True


async def _until_heartbeat(visit: Visit, feed: Feed, subscription: Subscription) -> AsyncIterator[bytes]:
    """News as they come, and at the end of the interval whatever the outbox has beyond them."""
    clock = visit.desk.rt.clock
    ends = clock.monotonic() + HEARTBEAT_SECONDS
    news = aiter(subscription)
    while (left := ends - clock.monotonic()) > 0 and not visit.desk.live_places.closing:
        try:
            item = await asyncio.wait_for(anext(news), min(left, _LOOK_UP_SECONDS))
        except TimeoutError:
            continue
        except StopAsyncIteration:
            break
        notice = None if isinstance(item, Resync) else feed.heard(item)
        if notice is not None:
            yield notice.encode()
            continue
        for missed in await _missed(visit, feed):
            yield missed.encode()
    for missed in await _missed(visit, feed):
        yield missed.encode()


async def _missed(visit: Visit, feed: Feed) -> list[Notice]:
    rt = visit.desk.rt
    try:
        async with rt.store.read() as unit:
            entries = await unit.outbox.after_position(rt.tenant_id, feed.position, _LONGEST_BACKLOG)
            if len(entries) >= _LONGEST_BACKLOG:
                return [feed.start_over(await unit.outbox.last_position(rt.tenant_id))]
    except Unavailable:
        # The next heartbeat tries again; until then what the broadcast says still arrives.
        return []
    return feed.stored(entries)


async def _last_position(visit: Visit) -> int:
    async with visit.desk.rt.store.read() as unit:
        return await unit.outbox.last_position(visit.desk.rt.tenant_id)


def _state(visit: Visit, position: int) -> bytes:
    """The heartbeat; tells whether news are immediate or read from the database, and from where on to come back."""
    return Notice({"kind": "state", "slow": not visit.desk.rt.broadcast.connected}, position).encode()

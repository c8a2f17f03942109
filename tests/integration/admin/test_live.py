"""The live connection, read as a browser reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from concierge_admin import live, permissions
from concierge_admin.desk import open_desk
from concierge_admin.gate import Visit
from concierge_core.domain.events import MessagePosted, ReplyDelta
from concierge_core.domain.ids import ConversationId, TurnId
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import TooMany
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import guest as guests

HERE = ConversationId("c" * 32)


class Reader:
    """One EventSource: parses the stream, remembers the last id."""

    def __init__(self, stream: AsyncGenerator[bytes, None]) -> None:
        self._stream = stream
        self.last_id: int | None = None

    async def next(self) -> dict[str, Any]:
        """The next notice that is not a heartbeat."""
        while True:
            block = (await asyncio.wait_for(anext(self._stream), 5)).decode()
            for line in block.splitlines():
                if line.startswith("id: "):
                    self.last_id = int(line[4:])
            data = [line[6:] for line in block.splitlines() if line.startswith("data: ")]
            notice = json.loads(data[0]) if data else {"kind": "state"}
            if notice["kind"] != "state":
                return dict(notice)

    async def until_closed(self) -> None:
        await self._stream.aclose()


class Asked:
    """As much of a request as the stream looks at."""

    async def is_disconnected(self) -> bool:
        return False


@pytest.fixture
async def visit(rt: Runtime, hire: Callable[..., Awaitable[Staff]]) -> Visit:
    desk, staff = open_desk(rt), await hire("Anna")
    token, session = await desk.sessions.open(staff)
    return Visit(desk, staff, session, token, wants_part=False)


@pytest.fixture
def connect(visit: Visit) -> Callable[..., Reader]:
    def connect(after: int | None = None) -> Reader:
        return Reader(live._stream(Asked(), visit, after))  # type: ignore[arg-type]

    return connect


async def position(rt: Runtime) -> None:
    """What the relay does after each commit."""
    async with rt.store.write() as unit:
        entries = await unit.outbox.unpositioned(rt.tenant_id)
        await unit.outbox.give_positions(rt.tenant_id, [e.id for e in entries])


async def test_a_message_is_told_at_once(rt: Runtime, connect: Callable[..., Reader]) -> None:
    reader = connect(after=0)
    session = await guests.start_session(rt)
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0.05)

    await guests.request_person(rt, conversation_id=session.conversation.id)

    notice = await waiting
    assert notice == {
        "kind": "message_posted",
        "conversation_id": session.conversation.id,
        "seq": 1,
        "author": "concierge",
    }


async def test_a_browser_that_comes_back_gets_exactly_what_it_missed(
    rt: Runtime, connect: Callable[..., Reader]
) -> None:
    session = await guests.start_session(rt)
    await guests.request_person(rt, conversation_id=session.conversation.id)
    await position(rt)

    first = connect(after=0)
    kinds = [(await first.next())["kind"] for _ in range(2)]
    await first.until_closed()
    await guests.rate(rt, conversation_id=session.conversation.id, score=5)
    await position(rt)
    second = connect(after=first.last_id)

    assert kinds == ["message_posted", "ownership_changed"]
    assert await second.next() == {"kind": "conversation_changed", "conversation_id": session.conversation.id}


async def test_the_reply_grows_before_everybodys_eyes(rt: Runtime, connect: Callable[..., Reader]) -> None:
    reader = connect()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0.05)

    await rt.broadcast.publish(rt.tenant_id, ReplyDelta(HERE, TurnId("t"), 1, 0, "Gern. "))

    assert (await waiting)["text"] == "Gern. "


async def test_a_reader_who_is_far_too_slow_reads_everything_again(rt: Runtime, connect: Callable[..., Reader]) -> None:
    async with rt.store.write() as unit:
        for number in range(600):
            await unit.outbox.add(rt.tenant_id, MessagePosted(HERE, number, "guest"))
    for _ in range(3):
        await position(rt)

    assert await connect(after=0).next() == {"kind": "resync"}


async def test_signing_out_ends_the_connection(
    visit: Visit, connect: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    reader = connect()

    await visit.desk.sessions.end(visit.token)

    assert await reader.next() == {"kind": "signed_out"}
    with pytest.raises(StopAsyncIteration):
        await reader.next()


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"password_hash": "another"}],
    ids=["switched off", "with a new password"],
)
async def test_an_account_that_may_no_longer_read_loses_its_connection_at_the_next_heartbeat(
    visit: Visit, connect: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    reader = connect()

    async with visit.desk.rt.store.write() as unit:
        await unit.staff.save(visit.desk.rt.tenant_id, replace(visit.staff, **change))

    assert await reader.next() == {"kind": "signed_out"}
    with pytest.raises(StopAsyncIteration):
        await reader.next()


async def test_a_role_that_may_no_longer_read_loses_its_connection_at_the_next_heartbeat(
    connect: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setitem(permissions.GRANTS, Role.AGENT, frozenset({permissions.Permission.ACCOUNT_OWN}))

    assert await connect().next() == {"kind": "signed_out"}


async def test_a_connection_ends_after_its_time_so_that_none_lives_for_ever(
    connect: Callable[..., Reader], clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    reader = connect()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0.05)

    clock.advance(live.LIFETIME_SECONDS + 1)

    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_the_end_of_the_process_ends_live_connections_within_a_second(
    visit: Visit, connect: Callable[..., Reader]
) -> None:
    reader = connect()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0.05)

    visit.desk.live_places.close()

    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 3)
    with pytest.raises(TooMany):
        visit.desk.live_places.check(visit.token)

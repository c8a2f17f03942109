"""The machine's clock jumps by an hour while a guest waits: two real servers on one database, real sockets, and a clock
whose wall time we can shift. Durations are measured in monotonic time, which never jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.testing import hanging, said

HOUR = 3600.0
QUICK = {"turn_lease_seconds": 1.0, "sweep_interval_seconds": 0.1, "owed_grace_seconds": 0.3}
Open = Callable[..., Awaitable[Any]]


class Jumping(SystemClock):
    """The machine's, whose wall time is off by so many seconds."""

    offset = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.offset)


@pytest.fixture
def clock() -> Jumping:
    """The one clock of both servers and of the store."""
    return Jumping()


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_a_guest_who_waits_while_the_clock_jumps_gets_exactly_one_reply(
    serve: Open, browse: Open, clock: Jumping, jump: float
) -> None:
    shared = LocalBroadcast()  # in the place of Redis
    here, there = [await serve(clock=clock, broadcast=shared, **QUICK) for _ in range(2)]
    asked, never_answered = hanging()
    here.concierge.add(*never_answered[:1], go_on := asyncio.Event(), *said("From 7 to 10."))
    there.concierge.add(*said("From 7 to 10."))
    guest = await browse(here)
    token = (await guest.hello())["token"]
    await guest.say("When is breakfast?")
    await asked.wait()

    clock.offset = jump
    await _passes(clock, seconds=2.5)  # leases are renewed, or lapse and are taken over: both happen by then
    go_on.set()
    reply = await guest.next("message", author="concierge")
    await guest.say("Thank you!", "c2")
    second = await guest.next("message", author="concierge", seq=4)
    again = await browse(there)
    welcome = await again.hello(token=token)

    assert reply["text"] == "From 7 to 10."
    assert second["text"] == "You said: Thank you!"
    assert guest.seqs == [1, 2, 3, 4]
    assert welcome["last_seq"] == 4


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_a_turn_left_by_a_dead_process_is_taken_over_though_the_clock_has_jumped(
    serve: Open, browse: Open, clock: Jumping, jump: float
) -> None:
    dying = await serve(clock=clock, **QUICK)
    asked, never = hanging()
    dying.concierge.add(*never)
    guest = await browse(dying)
    token = (await guest.hello())["token"]
    await guest.say("When is breakfast?")
    await asked.wait()
    _kill(dying)

    clock.offset = jump
    living = await serve(clock=clock, **QUICK)
    again = await browse(living)
    await again.hello(token=token)

    assert (await again.next("message", author="concierge"))["seq"] == 2
    assert again.seqs == [1, 2]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_limits_neither_open_nor_shut_when_the_clock_jumps(
    serve: Open, browse: Open, make_tenant: Any, clock: Jumping, jump: float
) -> None:
    chat = make_tenant().spec.chat
    tight = chat.model_copy(update={"limits": chat.limits.model_copy(update={"messages_per_minute_per_session": 3})})
    guest = await browse(await serve(make_tenant(chat=tight), clock=clock))
    await guest.hello()
    await guest.say("One", "c1")

    clock.offset = jump
    await guest.say("Two", "c2")
    await guest.say("Three", "c3")
    await guest.send("message.send", client_id="c4", text="Four")

    assert (await guest.next("error"))["code"] == "too_many"


async def _passes(clock: Jumping, *, seconds: float) -> None:
    """Monotonic time; what happens in it are the servers' own loops."""
    ends = clock.monotonic() + seconds
    while clock.monotonic() < ends:
        await asyncio.sleep(0.05)


def _kill(server: Any) -> None:
    """As kill -9 leaves it: no renewal, no sweep, no goodbye, its lease in the database."""
    for task in asyncio.all_tasks():
        if server.rt.turns in _selves(task):
            task.cancel()


def _selves(task: asyncio.Task[Any]) -> list[Any]:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return [frame.f_locals.get("self")] if frame is not None else []

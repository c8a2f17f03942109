"""A watch that goes on for ever: what was missed is listed again, and trouble makes it patient, not silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from concierge_operator.kinds import Resource, child
from concierge_operator.refusals import AwayError, Refusal
from concierge_operator.watching import View, Watch

SERVICES = child("Service")
Event = tuple[str, dict[str, Any]]


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds
        await asyncio.sleep(0)


def service(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "hotel", "uid": name, "resourceVersion": str(version)}}


class Server:
    """Lists the same each time, and answers watches from a script; when it ends, the test ends."""

    def __init__(self, clock: Clock, script: list[Callable[[], list[Event]]], lasts_seconds: float = 60) -> None:
        self.clock = clock
        self.script = script
        self.lasts_seconds = lasts_seconds
        self.lists = 0
        self.refusals: list[Refusal] = []
        self.unwatchable: list[Refusal] = []
        self.since: list[str] = []
        self.ended = asyncio.Event()

    async def pages(self, resource: Resource, **_: Any) -> AsyncIterator[tuple[list[dict[str, Any]], str]]:
        self.lists += 1
        if self.refusals:
            raise self.refusals.pop(0)
        yield [service("listed", 1)], "10"

    async def watch(self, resource: Resource, since: str, opened: Callable[[], None], **_: Any) -> AsyncIterator[Event]:
        self.since.append(since)
        if self.unwatchable:
            raise self.unwatchable.pop(0)
        opened()
        if not self.script:
            self.ended.set()
            await asyncio.Event().wait()
        for event in self.script.pop(0)():
            yield event
        self.clock.moment += self.lasts_seconds


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def forbidden(self, resource: Resource, refused: Refusal | None) -> None:
        self.heard.append(f"forbidden {refused}" if refused else "allowed")

    def seen(self, resource: Resource, live: dict[str, Any]) -> None:
        if "odd" in live:
            raise KeyError("odd")
        self.heard.append(f"seen {live['metadata']['name']}")

    def gone(self, resource: Resource, live: dict[str, Any]) -> None:
        self.heard.append(f"gone {live['metadata']['name']}")

    def listed(self, resource: Resource, present: set[tuple[str, str]]) -> None:
        self.heard.append(f"listed {len(present)}")


def fails(error: Exception) -> Callable[[], list[Event]]:
    def play() -> list[Event]:
        raise error

    return play


def tells(*events: Event) -> Callable[[], list[Event]]:
    return lambda: list(events)


def watch_of(server: Server, listener: Listener, clock: Clock) -> Watch:
    return Watch(server, View(SERVICES, None, True), listener, clock)  # type: ignore[arg-type]


async def played(server: Server, clock: Clock) -> Listener:
    listener = Listener()
    running = asyncio.create_task(watch_of(server, listener, clock).run())
    await asyncio.wait_for(server.ended.wait(), 5)
    running.cancel()
    return listener


async def test_what_is_there_is_listed_first_and_then_what_changes_is_heard() -> None:
    clock = Clock()
    server = Server(clock, [tells(("ADDED", service("new", 11)), ("DELETED", service("listed", 12)))])

    listener = await played(server, clock)

    assert listener.heard == ["seen listed", "listed 1", "seen new", "gone listed"]
    assert server.since == ["10", "12"]


async def test_a_watch_that_broke_off_goes_on_where_it_was() -> None:
    clock = Clock()

    def breaks() -> list[Event]:
        raise AwayError("reset")

    server = Server(clock, [tells(("ADDED", service("new", 11))), breaks, tells()])

    await played(server, clock)

    assert server.lists == 1
    assert server.since[1:] == ["11", "11", "11"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_version_that_is_too_old_means_to_list_again(status: int) -> None:
    clock = Clock()
    server = Server(clock, [fails(Refusal(status, "Expired", "", {}))])

    await played(server, clock)

    assert server.lists == 2


async def test_a_bookmark_moves_on_without_anybody_hearing_of_it() -> None:
    clock = Clock()
    server = Server(clock, [tells(("BOOKMARK", service("", 99)))])

    listener = await played(server, clock)

    assert server.since == ["10", "99"]
    assert listener.heard == ["seen listed", "listed 1"]


async def test_watches_that_end_as_soon_as_they_begin_are_begun_ever_more_slowly() -> None:
    clock = Clock()
    server = Server(clock, [tells() for _ in range(40)], lasts_seconds=0.01)

    await played(server, clock)

    assert clock.moment > 100
    assert max(clock.slept) <= 30


async def test_a_watch_that_ends_in_its_time_is_begun_again_at_once() -> None:
    clock = Clock()
    server = Server(clock, [tells() for _ in range(5)], lasts_seconds=300)

    await played(server, clock)

    assert clock.slept == []


async def test_a_server_that_wants_to_be_left_alone_is() -> None:
    clock = Clock()
    server = Server(clock, [fails(Refusal(429, "TooManyRequests", "", {}, retry_after_seconds=20))])

    await played(server, clock)

    assert clock.moment >= 20


async def test_an_object_that_nobody_understands_is_passed_over_and_the_next_is_heard_of() -> None:
    clock = Clock()
    server = Server(clock, [tells(("ADDED", {**service("strange", 11), "odd": True}), ("ADDED", service("new", 12)))])

    listener = await played(server, clock)

    assert listener.heard == ["seen listed", "listed 1", "seen new"]
    assert server.since == ["10", "12"]


async def test_a_kind_that_may_not_be_listed_is_told_once_and_again_when_it_may() -> None:
    clock = Clock()
    no = [Refusal(403, "Forbidden", "cannot list", {}) for _ in range(6)]
    server = Server(clock, [])
    server.refusals = [*no]

    listener = await played(server, clock)

    assert listener.heard == ["forbidden cannot list", "seen listed", "listed 1", "allowed"]


async def test_a_kind_that_may_be_listed_but_not_watched_is_told_once_and_not_taken_back_by_each_list() -> None:
    clock = Clock()
    server = Server(clock, [])
    server.unwatchable = [Refusal(403, "Forbidden", "cannot watch", {}) for _ in range(9)]

    listener = await played(server, clock)

    assert [one for one in listener.heard if one in ("forbidden cannot watch", "allowed")] == [
        "forbidden cannot watch",
        "allowed",
    ]


async def test_who_waits_for_the_lists_does_not_wait_for_one_that_is_forbidden() -> None:
    clock = Clock()
    server = Server(clock, [])
    server.refusals = [Refusal(403, "Forbidden", "cannot list", {}) for _ in range(1000)]
    watch = watch_of(server, Listener(), clock)
    running = asyncio.create_task(watch.run())

    await asyncio.wait_for(watch.settled.wait(), 5)

    assert not watch.synced.is_set()
    assert clock.moment - watch.heard_at < 60, "the server answers: a restart would help nothing"
    running.cancel()


async def test_a_kind_whose_definition_was_taken_away_keeps_nobody_waiting_and_the_process_alive() -> None:
    clock = Clock()
    server = Server(clock, [])
    server.refusals = [Refusal(404, "NotFound", "", {}) for _ in range(1000)]
    watch = watch_of(server, Listener(), clock)
    running = asyncio.create_task(watch.run())

    await asyncio.wait_for(watch.settled.wait(), 5)
    while clock.moment < 1000:
        await asyncio.sleep(0)

    assert clock.moment - watch.heard_at < 60
    running.cancel()


async def test_one_refusal_in_passing_is_not_taken_for_a_missing_right() -> None:
    clock = Clock()
    server = Server(clock, [fails(Refusal(403, "Forbidden", "the server has just begun", {}))])

    listener = await played(server, clock)

    assert listener.heard == ["seen listed", "listed 1"]

"""The leader's workers: what a look comes to, and what becomes of its key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from concierge_core.clock import SystemClock
from concierge_operator.engine import Engine, Looked
from concierge_operator.lease import NotLeadingError
from concierge_operator.queue import Pace, Priority, WorkQueue
from concierge_operator.refusals import AwayError, Refusal, Retry


class Looks:
    """Plays looks by a script, then looks that find nothing to do."""

    def __init__(self, *script: Callable[[], Looked]) -> None:
        self.script = list(script)
        self.moments: list[float] = []
        self.keys: list[str] = []
        self.at_work: set[str] = set()

    async def __call__(self, key: str) -> Looked:
        assert key not in self.at_work, "two workers have the same key"
        self.at_work.add(key)
        await asyncio.sleep(0)
        self.at_work.discard(key)
        self.keys.append(key)
        self.moments.append(asyncio.get_running_loop().time())
        return self.script.pop(0)() if self.script else Looked()


def raises(error: Exception) -> Callable[[], Looked]:
    def look() -> Looked:
        raise error

    return look


async def at_work(looks: Looks, many: int, *, keys: tuple[str, ...] = (), resync_seconds: float = 3600) -> None:
    """Run until so many looks were taken."""
    queue = WorkQueue(Pace(first_pause_seconds=0.01), lambda: 0.5)
    engine = Engine(queue, looks, lambda: keys, workers=4, resync_seconds=resync_seconds, clock=SystemClock())
    running = asyncio.create_task(engine.run())
    if not keys:
        queue.add("hotel/strand")
    async with asyncio.timeout(10):
        while len(looks.keys) < many:
            assert not running.done()
            await asyncio.sleep(0.005)
    running.cancel()


@pytest.mark.parametrize(
    "error",
    [
        AwayError("reset"),
        Retry("on its way out"),
        Refusal(409, "Conflict", "", {}),
        Refusal(422, "Invalid", "", {}),
        NotLeadingError("another"),
        RuntimeError("a mistake of ours"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_goes_wrong_with_a_look_it_is_taken_again(error: Exception) -> None:
    looks = Looks(raises(error))

    await at_work(looks, 2)

    assert looks.keys == ["hotel/strand"] * 2


async def test_a_server_that_names_a_time_is_left_alone_until_then() -> None:
    looks = Looks(raises(Refusal(429, "TooManyRequests", "", {}, retry_after_seconds=0.4)))

    await at_work(looks, 2)

    assert looks.moments[1] - looks.moments[0] >= 0.4


async def test_a_look_that_wants_to_look_again_does() -> None:
    looks = Looks(lambda: Looked(again_seconds=0.1))

    await at_work(looks, 2)

    assert looks.moments[1] - looks.moments[0] >= 0.1


async def test_everybody_is_looked_at_in_each_round() -> None:
    looks = Looks()

    await at_work(looks, 9, keys=("a/a", "b/b", "c/c"), resync_seconds=0.1)

    assert {looks.keys.count(key) for key in ("a/a", "b/b", "c/c")} <= {2, 3, 4}


async def test_an_edit_that_comes_while_a_whole_fleet_waits_is_looked_at_among_the_next() -> None:
    """Looks that find nothing to do wait for nothing: what comes from the network must get its turn between them."""
    queue = WorkQueue(Pace(), lambda: 0.5)
    seen: list[str] = []

    async def look(key: str) -> Looked:
        seen.append(key)
        return Looked()

    def news(hops: int) -> None:
        """An event on its way: bytes, a frame, a stream's worker, a handler, each in a turn of the loop."""
        if hops:
            asyncio.get_running_loop().call_soon(news, hops - 1)
        else:
            queue.add("edited", Priority.EDIT)

    for number in range(500):
        queue.add(f"hotel-{number}", Priority.RESYNC)
    engine = Engine(queue, look, tuple, workers=32, resync_seconds=3600, clock=SystemClock())
    running = asyncio.create_task(engine.run())
    news(10)
    async with asyncio.timeout(10):
        while len(seen) < 501:
            await asyncio.sleep(0.005)
    running.cancel()

    assert seen.index("edited") < 60

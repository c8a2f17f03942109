"""The worker's pulse: it beats while both loops go round, ours that does the work and Celery's that takes it.

A loop that waits for its broker is alive: work waits in the database meanwhile, and a restart would help nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from celery import bootsteps

from concierge_core.work.alive import BEAT_SECONDS, LONGEST_SILENCE_SECONDS, Pulse


class Rounds:
    """When Celery's loop was last seen to go round."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: float | None = None

    def seen(self) -> None:
        """It goes round."""
        self._last = self._now()

    def waits(self) -> None:
        """It has no broker: nothing is expected of it."""
        self._last = None

    @property
    def expected(self) -> bool:
        """It is connected, and so has to go round."""
        return self._last is not None

    @property
    def hangs(self) -> bool:
        """It has a broker, and has not gone round for too long."""
        return self._last is not None and self._now() - self._last > LONGEST_SILENCE_SECONDS


def watch(app: Any, rounds: Rounds) -> None:
    """Have Celery's consumer say that it goes round, for as long as it is connected."""

    class Round(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        requires = ("celery.worker.consumer.connection:Connection",)

        def start(self, consumer: Any) -> None:
            rounds.seen()
            consumer.timer.call_repeatedly(BEAT_SECONDS, rounds.seen)

        def stop(self, _consumer: Any) -> None:
            rounds.waits()

        shutdown = stop

    app.steps["consumer"].add(Round)


@asynccontextmanager
async def beating(pulse: Pulse, rounds: Rounds) -> AsyncIterator[None]:
    """Let the pulse beat on this loop while nothing hangs."""
    task = asyncio.create_task(_beat(pulse, rounds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _beat(pulse: Pulse, rounds: Rounds) -> None:
    while True:
        if not rounds.hangs:
            pulse.beat()
        await asyncio.sleep(BEAT_SECONDS)

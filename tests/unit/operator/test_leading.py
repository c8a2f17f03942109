"""A candidate for the Lease, at an API server that takes its time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from concierge_operator.kinds import Resource
from concierge_operator.leading import Leader
from concierge_operator.lease import Hold, Terms

START = datetime(2026, 11, 25, tzinfo=UTC)


class Clock:
    """Time that passes when somebody sleeps, or the server takes it."""

    def __init__(self) -> None:
        self.moment = 0.0

    def monotonic(self) -> float:
        return self.moment

    def now(self) -> datetime:
        return START + timedelta(seconds=self.moment)

    async def sleep(self, seconds: float) -> None:
        self.moment += seconds
        await asyncio.sleep(0)


class Server:
    """Has a Lease that somebody else renewed just before it was read. `takes_seconds`: for each read, in order."""

    def __init__(self, clock: Clock, *takes_seconds: float) -> None:
        self.clock = clock
        self.takes_seconds = list(takes_seconds)
        self.taken_at: float | None = None

    async def get(self, _: Resource, name: str, namespace: str) -> dict[str, Any]:
        self.clock.moment += self.takes_seconds.pop(0) if self.takes_seconds else 0
        spec = {"holderIdentity": "other", "renewTime": "2026-11-25T00:00:05.9Z", "leaseDurationSeconds": 10}
        return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": "5"}, "spec": spec}

    async def replace(self, _: Resource, manifest: dict[str, Any]) -> dict[str, Any]:
        self.taken_at = self.clock.moment
        return manifest


async def test_a_holders_silence_counts_from_when_its_word_was_heard_not_from_when_it_was_asked_for() -> None:
    clock = Clock()
    server = Server(clock, 6.0)
    leader = Leader(server, "system", Hold("me", Terms()), clock)  # type: ignore[arg-type]
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(leader.run(work))
    await asyncio.wait_for(began.wait(), 5)
    running.cancel()

    assert server.taken_at is not None
    assert server.taken_at >= 6 + 10

"""The outbox relay: numbers stored events tenant-wide after their commit, and hands due work to Celery.

Ids taken before a commit can be overtaken, so positions are given afterwards, by the one process that holds the
tenant's relay lease. What can't be sent because the broker is away waits in the database.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from concierge_core import metrics
from concierge_core.domain.events import OutboxAdvanced
from concierge_core.errors import Unavailable
from concierge_core.runtime import Runtime
from concierge_core.work.sender import send_due_tasks

log = structlog.get_logger()
LEASE_SECONDS = 10.0
BATCH = 200
GATHER_SECONDS = 0.1
"""From a wake-up until positions are given: in busy hours the events of several guests share one transaction."""
_LEASE_NAME = "relay"


class Relay:
    """One per process; `wake` after every commit that stored an event."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._woken = asyncio.Event()
        self._due = asyncio.Event()
        self._leads_until = float("-inf")

    def wake(self) -> None:
        """There is something in the outbox."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled: at each wake-up, and regularly for what other processes stored."""
        while True:
            try:
                # Not wait_for: before Python 3.12 it swallows a cancellation that comes with the wake-up.
                async with asyncio.timeout(self._rt.settings.poll_interval_seconds):
                    await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass
            self._woken.clear()
            await self._tick()

    async def run_sender(self) -> None:
        """Until cancelled: hand due work to Celery. On its own: a broker that hangs keeps no dashboard waiting."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await send_due_tasks(self._rt)
            except Unavailable:
                await self._rt.clock.sleep(1.0)
            except Exception:
                log.exception("sender_failed")
                await self._rt.clock.sleep(1.0)

    async def _tick(self) -> None:
        try:
            if await self._leads():
                while await self.give_positions() == BATCH:
                    pass
                self._due.set()
            else:
                metrics.WORK_WAITING.set(0)  # it is counted by the process that leads
        except Unavailable:
            await self._rt.clock.sleep(1.0)
        except Exception:
            # This loop must outlive a defect: without it no dashboard and no mail hears of anything any more.
            log.exception("relay_failed")
            await self._rt.clock.sleep(1.0)

    async def _leads(self) -> bool:
        clock, settings = self._rt.clock, self._rt.settings
        if clock.monotonic() < self._leads_until:
            return True
        now = clock.now()
        async with self._rt.store.write() as unit:
            ours = await unit.leases.acquire(
                self._rt.tenant_id,
                _LEASE_NAME,
                holder=settings.holder,
                now=now,
                until=now + timedelta(seconds=LEASE_SECONDS),
            )
        # Renewed well before it ends; a relay that comes late anyway does no harm: positions are given in one
        # transaction per batch, and tasks are idempotent.
        self._leads_until = clock.monotonic() + LEASE_SECONDS / 3 if ours else float("-inf")
        return ours

    async def give_positions(self) -> int:
        """Number what is new, tell dashboards; returns how many."""
        tenant = self._rt.tenant_id
        async with self._rt.store.read() as unit:
            if not await unit.outbox.unpositioned(tenant, 1):
                return 0
        async with self._rt.store.write() as unit:
            entries = await unit.outbox.unpositioned(tenant, BATCH)
            positions = await unit.outbox.give_positions(tenant, [e.id for e in entries])
        if positions:
            metrics.OUTBOX_POSITION.set(positions[-1])
            await self._rt.broadcast.publish(tenant, OutboxAdvanced(positions[-1]))
        return len(positions)

    async def release(self) -> None:
        """Let another process lead at once (this one stops)."""
        try:
            async with self._rt.store.write() as unit:
                await unit.leases.release(self._rt.tenant_id, _LEASE_NAME, holder=self._rt.settings.holder)
        except Unavailable:
            log.info("relay_lease_left_to_lapse")

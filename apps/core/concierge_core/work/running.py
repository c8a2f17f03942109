"""Doing one task: in the guest's trace, within its time, and not again when it is done already.

A task with an outbox entry runs under a lease of that entry's name, so that a message delivered twice is not done by
two threads at once; a worker that dies leaves a lease that ends before the broker restores the message. What fails is
tried again quickly by Celery, then slowly by the outbox, and after a day given up.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta
from typing import Any

import structlog
from opentelemetry.trace import SpanKind

from concierge_core.domain.ids import new_id
from concierge_core.runtime import Runtime
from concierge_core.telemetry import span
from concierge_core.work.envelope import Envelope
from concierge_core.work.registry import GiveUp, TaskContext, TaskFunction, why
from concierge_core.work.work_settings import WorkSettings

log = structlog.get_logger()


class TaskRunner:
    """Does tasks for one property, on the loop of its worker process."""

    def __init__(self, rt: Runtime, work: WorkSettings, tasks: dict[str, TaskFunction]) -> None:
        self._rt = rt
        self._work = work
        self._tasks = tasks

    @property
    def names(self) -> list[str]:
        """Of all tasks it can do."""
        return sorted(self._tasks)

    async def run(self, name: str, arguments: dict[str, Any], envelope: Envelope) -> None:
        """Do the task, unless it is done or being done. Raises what the task raises, while another try may help."""
        with span(
            f"task {name}",
            traceparent=envelope.traceparent,
            kind=SpanKind.CONSUMER,
            messaging__system="celery",
            concierge__entry=envelope.entry_id,
        ):
            if envelope.entry_id is None:
                await self._do(name, arguments, envelope)
                log.info("task_done", task=name)
            else:
                await self._do_entry(name, arguments, envelope, envelope.entry_id)

    async def _do_entry(self, name: str, arguments: dict[str, Any], envelope: Envelope, entry_id: int) -> None:
        lease, holder = f"task:{entry_id}", new_id(self._rt.clock.now())
        if not await self._begin(lease, holder, entry_id):
            log.info("task_already_done_or_held", task=name, entry=entry_id)
            return
        outcome, reason = "task_done", None
        try:
            await self._do(name, arguments, envelope)
        except GiveUp as error:
            outcome, reason = "task_given_up", str(error)
        except Exception as error:
            await self._release(lease, holder)
            if not self._too_old(envelope):
                raise
            outcome, reason = "task_given_up", why(error)
        await self._end(lease, holder, entry_id)
        log.log(logging.ERROR if reason else logging.INFO, outcome, task=name, entry=entry_id, reason=reason)

    async def _do(self, name: str, arguments: dict[str, Any], envelope: Envelope) -> None:
        context = TaskContext(self._rt, self._work, envelope.entry_id, envelope.created_at)
        async with asyncio.timeout(self._work.time_limit_seconds):
            await self._tasks[name](context, **arguments)

    async def _begin(self, lease: str, holder: str, entry_id: int) -> bool:
        tenant, now = self._rt.tenant_id, self._rt.clock.now()
        until = now + timedelta(seconds=self._work.time_limit_seconds)
        async with self._rt.store.write() as unit:
            if not await unit.outbox.task_open(tenant, entry_id):
                return False
            return await unit.leases.acquire(tenant, lease, holder=holder, now=now, until=until)

    async def _end(self, lease: str, holder: str, entry_id: int) -> None:
        async with self._rt.store.write() as unit:
            await unit.outbox.task_done(self._rt.tenant_id, entry_id, self._rt.clock.now())
            await unit.leases.release(self._rt.tenant_id, lease, holder=holder)

    async def _release(self, lease: str, holder: str) -> None:
        async with self._rt.store.write() as unit:
            await unit.leases.release(self._rt.tenant_id, lease, holder=holder)

    def _too_old(self, envelope: Envelope) -> bool:
        if envelope.created_at is None:
            return False
        return self._rt.clock.now() - envelope.created_at > timedelta(seconds=self._work.give_up_after_seconds)


def pause_seconds(retries: int, work: WorkSettings) -> float:
    """How long to wait before quick retry number `retries` (from 0): doubling, with jitter.

    Never more than a third of the visibility timeout: the broker hands a waiting message out again when that passes.
    """
    return min(2.0 ** (retries + 1), work.visibility_timeout_seconds / 3) * random.uniform(0.5, 1.0)  # noqa: S311

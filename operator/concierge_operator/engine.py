"""The leader's work: many workers on one queue, and a slow round through all tenants. Knows nothing of hotels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

from concierge_core.ports import Clock
from concierge_core.telemetry import span
from concierge_operator import meters
from concierge_operator.lease import NotLeadingError
from concierge_operator.queue import Priority, WorkQueue
from concierge_operator.refusals import AwayError, Refusal, Retry

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one look. `again_seconds`: look again by then, though nothing may have changed."""

    again_seconds: float | None = None
    failed: bool = False
    gone: bool = False
    """There is nothing of this key any more."""
    at_least_seconds: float = 0.0
    """Leave the API server alone for so long: it asked for it."""


Look = Callable[[str], Awaitable[Looked]]


class Engine:
    """Takes keys from the queue and looks at them, `workers` at a time."""

    def __init__(
        self,
        queue: WorkQueue,
        look: Look,
        keys: Callable[[], Iterable[str]],
        *,
        workers: int,
        resync_seconds: float,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._look = look
        self._keys = keys
        self._workers = workers
        self._resync_seconds = resync_seconds
        self._clock = clock
        self._turn = asyncio.Lock()
        self._at_work = 0
        self._looks = 0
        self._began: float | None = None

    async def run(self) -> None:
        """Until cancelled. What was being looked at then is looked at again by whoever leads next."""
        self._began, self._looks = self._clock.monotonic(), 0
        self._tell_when_caught_up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._resync())
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._let_others_in()
            key = await self._queue.take()
            looked = Looked(failed=True)
            self._at_work += 1
            try:
                looked = await self._one(key)
            finally:
                self._at_work -= 1
                self._looks += 1
                self._queue.done(key, failed=looked.failed, at_least_seconds=looked.at_least_seconds, gone=looked.gone)
                meters.QUEUE_DEPTH.set(len(self._queue))
            self._tell_when_caught_up()

    async def _let_others_in(self) -> None:
        """Begin one look in each turn of the loop, over all workers. Most looks wait for nothing: in a row they would
        keep the news of an edit waiting for as long as the whole fleet takes."""
        async with self._turn:
            await asyncio.sleep(0)

    def _tell_when_caught_up(self) -> None:
        """Once, when everything that waited as this process began to lead has had its turn."""
        if self._began is not None and self._at_work == 0 and len(self._queue) == 0:
            seconds = round(self._clock.monotonic() - self._began, 3)
            _log.info("everything was looked at once", looks=self._looks, seconds=seconds)
            self._began = None

    async def _one(self, key: str) -> Looked:
        began, result, wait = time.perf_counter(), "error", 0.0
        with span("reconcile", concierge__key=key) as current:
            try:
                looked = await self._look(key)
                result = "stalled" if looked.failed else "ok"
                if looked.again_seconds is not None:
                    self._queue.add_later(key, looked.again_seconds, Priority.RESYNC)
                return looked
            except NotLeadingError:
                result = "not_leading"
            except (AwayError, Retry) as error:
                result = "retry"
                _log.info("looked at again later", key=key, why=str(error))
            except Refusal as refused:
                result, wait = "retry" if refused.may_pass else "refused", refused.retry_after_seconds
                _log.warning("the API server refused", key=key, status=refused.status, reason=str(refused)[:300])
            except Exception:
                _log.exception("a look failed", key=key)
            finally:
                current.set_attribute("concierge.result", result)
                meters.RECONCILES.labels(result).inc()
                meters.RECONCILE_SECONDS.labels(result).observe(time.perf_counter() - began)
        meters.QUEUE_RETRIES.inc()
        return Looked(failed=True, at_least_seconds=wait)

    async def _resync(self) -> None:
        """Everybody once per round, in an order that mixes them, evenly spread: never all at once."""
        while True:
            keys = sorted(self._keys(), key=hash)
            pause = self._resync_seconds / max(1, len(keys))
            for key in keys:
                await self._clock.sleep(pause)
                self._queue.add(key, Priority.RESYNC)
            if not keys:
                await self._clock.sleep(min(5.0, self._resync_seconds))

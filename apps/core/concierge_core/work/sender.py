"""From the outbox to the broker: called by the relay of the process that leads, never by whoever caused the work.

An entry is marked sent only after the broker took it, and stays open until the worker has done it. Open entries are
sent again after `resend_after_seconds`, and at once when the broker turns out to be another one than before (its queue
lived in its memory). While the broker is away, work waits in the database. Celery is imported at the first task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from opentelemetry.trace import SpanKind
from redis.exceptions import RedisError

from concierge_core import metrics
from concierge_core.ports import OutboxEntry
from concierge_core.runtime import Runtime
from concierge_core.telemetry import outgoing_headers, span
from concierge_core.work.envelope import Envelope
from concierge_core.work.work_settings import WorkSettings

log = structlog.get_logger()
_LONGEST_PAUSE_SECONDS = 30.0
_BATCH = 100


class Sender:
    """The way of one property's tasks to its broker."""

    def __init__(self, rt: Runtime, work: WorkSettings | None = None) -> None:
        self._rt = rt
        self._work = work or WorkSettings()
        self._app: Any = None
        self._pause_seconds = 0.0
        self._silent_until = float("-inf")
        self._broker_id: str | None = None
        self._ask_broker_at = float("-inf")
        self._queue_is_lost = False

    async def send_due(self) -> int:
        """Send what is open and due; returns how many the broker took. Raises `Unavailable("database")`."""
        if self._rt.settings.redis_url is None or self._rt.clock.monotonic() < self._silent_until:
            return 0
        now = self._rt.clock.now()
        self._queue_is_lost = self._queue_is_lost or await self._broker_changed()
        patience = timedelta() if self._queue_is_lost else timedelta(seconds=self._work.resend_after_seconds)
        async with self._rt.store.read() as unit:
            entries = await unit.outbox.unsent_tasks(self._rt.tenant_id, _BATCH, sent_before=now - patience)
            metrics.WORK_WAITING.set(await unit.outbox.open_tasks(self._rt.tenant_id))
        if not entries:
            self._queue_is_lost = False
            return 0
        taken = await asyncio.to_thread(self._send, [_message(entry) for entry in entries])
        await self._note_sent([entry.id for entry in entries[:taken]], now)
        self._note_broker(away=taken < len(entries), waiting=len(entries) - taken)
        return taken

    def _send(self, messages: Sequence[tuple[str, dict[str, Any], dict[str, str]]]) -> int:
        """Blocking, in a thread: how many of them, from the first on, were taken."""
        from kombu.exceptions import OperationalError

        from concierge_core.work.celery_app import make_celery

        if self._app is None:
            self._app = make_celery(self._rt.settings, self._work, code=self._rt.tenant_id)
        taken = 0
        try:
            # A connection per batch: one from a pool would fail once for every restart of the broker.
            with self._app.connection_for_write() as connection:
                producer = self._app.amqp.Producer(connection, auto_declare=False)
                for name, arguments, headers in messages:
                    self._app.send_task(name, kwargs=arguments, headers=headers, producer=producer, retry=False)
                    taken += 1
        except (OperationalError, RedisError, OSError):
            pass  # the caller sees how many were taken
        return taken

    async def _note_sent(self, entry_ids: Sequence[int], now: datetime) -> None:
        if not entry_ids:
            return
        async with self._rt.store.write() as unit:
            for entry_id in entry_ids:
                await unit.outbox.task_sent(self._rt.tenant_id, entry_id, now)

    def _note_broker(self, *, away: bool, waiting: int) -> None:
        if not away:
            self._pause_seconds = 0.0
            return
        self._pause_seconds = min(max(1.0, 2 * self._pause_seconds), _LONGEST_PAUSE_SECONDS)
        self._silent_until = self._rt.clock.monotonic() + self._pause_seconds
        log.warning("broker_away", waiting_in_database=waiting, next_try_seconds=self._pause_seconds)

    async def _broker_changed(self) -> bool:
        """The broker is another process than when last asked. Unknown counts as no: `resend_after_seconds` helps."""
        if self._rt.redis is None or self._rt.clock.monotonic() < self._ask_broker_at:
            return False
        self._ask_broker_at = self._rt.clock.monotonic() + self._work.broker_check_seconds
        try:
            known, self._broker_id = self._broker_id, str((await self._rt.redis.info("server")).get("run_id"))
        except (RedisError, OSError, TimeoutError):
            return False
        return known is not None and known != self._broker_id


_senders: dict[int, tuple[Runtime, Sender]] = {}


async def send_due_tasks(rt: Runtime) -> int:
    """Send the property's open tasks that are due. A missing broker is no error here: the work waits."""
    known = _senders.get(id(rt))
    if known is None or known[0] is not rt:
        known = _senders[id(rt)] = (rt, Sender(rt))
    return await known[1].send_due()


def _message(entry: OutboxEntry) -> tuple[str, dict[str, Any], dict[str, str]]:
    name, arguments = entry.payload["name"], entry.payload["arguments"]
    trace = entry.payload.get("trace") or {}
    with span(f"send {name}", headers=trace, kind=SpanKind.PRODUCER, concierge__entry=entry.id):
        envelope = Envelope(entry.id, entry.created_at, outgoing_headers().get("traceparent"))
    return name, arguments, envelope.to_headers()

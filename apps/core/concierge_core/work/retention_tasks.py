"""Erasing what has been kept long enough, in small transactions, so that guests' messages never wait for it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from concierge_core.work.names import RETENTION
from concierge_core.work.registry import TaskContext, task

log = structlog.get_logger()
_BATCH = 100
EVENTS_KEPT = timedelta(days=2)
"""Dashboards resume from events no older than this; a dashboard that was away for longer reads the inbox afresh."""
CALL_STEPS_KEPT = timedelta(days=2)
"""A telephone webhook is repeated within seconds, never after days."""


@task(RETENTION)
async def keep_retention(context: TaskContext) -> None:
    """Erase conversations past their time, old events, expired sessions. Short of time it ends early."""
    rt = context.runtime
    now = rt.clock.now()
    erased = await _erase_conversations(context)
    async with rt.store.write() as unit:
        events = await unit.outbox.purge(rt.tenant_id, now - EVENTS_KEPT)
    async with rt.store.write() as unit:
        sessions = await unit.staff.purge_sessions(rt.tenant_id, now)
        await unit.calls.purge(rt.tenant_id, now - CALL_STEPS_KEPT)
    kept = rt.tenant.spec.retention
    async with rt.store.write() as unit:
        await unit.audit.purge(rt.tenant_id, now - timedelta(days=kept.audit_days))
        await unit.analytics.purge(rt.tenant_id, (now - timedelta(days=kept.analytics_days)).date().isoformat())
    log.info("retention_kept", conversations=erased, events=events, sessions=sessions)


async def _erase_conversations(context: TaskContext) -> int:
    rt = context.runtime
    before = rt.clock.now() - timedelta(days=rt.tenant.spec.retention.conversations_days)
    stop_at = rt.clock.monotonic() + context.settings.time_limit_seconds / 2
    erased = 0
    while rt.clock.monotonic() < stop_at:
        async with rt.store.write() as unit:
            due = await unit.conversations.idle_since(rt.tenant_id, before, _BATCH)
            erased += await unit.conversations.delete(rt.tenant_id, due) if due else 0
        if len(due) < _BATCH:
            break
    return erased

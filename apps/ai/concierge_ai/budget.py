"""Tokens that a property may still spend today. Counted in the analytics table, by hours of the property's time."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from concierge_core.errors import ConciergeError
from concierge_core.runtime import Runtime

log = structlog.get_logger()
METRIC = "model_tokens"
REREAD_SECONDS = 60.0


class TokenBudget:
    """The day's tokens of one property. Other replicas' spending is seen once a minute, so a limit may be overshot by
    what they spend in that time."""

    def __init__(self, runtime: Runtime) -> None:
        self._rt = runtime
        self._limit = runtime.tenant.spec.ai.daily_token_budget
        self._day = ""
        self._spent = 0
        self._read_at = float("-inf")
        self._writing: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def is_left(self) -> bool:
        """There are tokens left today (always, without a limit). With the database away the last known count stands."""
        if self._limit is None:
            return True
        now = self._rt.clock.monotonic()
        if self._local().date().isoformat() != self._day or now - self._read_at >= REREAD_SECONDS:
            await self._read()
        return self._spent < self._limit

    def spend(self, tokens: int, *, channel: str) -> None:
        """Count tokens; the note in the database is written aside, nobody waits for it."""
        if tokens <= 0:
            return
        self._spent += tokens
        task = asyncio.create_task(self._write(tokens, channel))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def settle(self) -> None:
        """Wait until all is written."""
        await asyncio.gather(*self._writing)

    async def _read(self) -> None:
        self._read_at = self._rt.clock.monotonic()
        day = self._local().date().isoformat()
        try:
            async with self._rt.store.read() as unit:
                hours = await unit.analytics.hours(self._rt.tenant_id, since_date=day)
        except ConciergeError as error:
            log.warning("token_budget_not_read", error=type(error).__name__)
            return
        self._day = day
        self._spent = int(sum(h["value"] for h in hours if h["metric_type"] == METRIC and h["date"] == day))

    async def _write(self, tokens: int, channel: str) -> None:
        local = self._local()
        day, hour = local.date().isoformat(), local.hour
        try:
            async with self._one_at_a_time, self._rt.store.write() as unit:
                hours = await unit.analytics.hours(self._rt.tenant_id, since_date=day)
                same = (
                    h
                    for h in hours
                    if (h["metric_type"], h["channel"], h["date"], h["hour"]) == (METRIC, channel, day, hour)
                )
                before = next((h["value"] for h in same), 0.0)
                await unit.analytics.put_hour(
                    self._rt.tenant_id, metric_type=METRIC, channel=channel, date=day, hour=hour, value=before + tokens
                )
        except ConciergeError as error:
            log.warning("tokens_not_counted", tokens=tokens, error=type(error).__name__)

    def _local(self) -> datetime:
        return self._rt.tenant.spec.property.local(self._rt.clock.now())

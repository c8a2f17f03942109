"""Tokens that a property may still spend today. Counted in the analytics table, by hours of the property's time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import NamedTuple

import structlog

from concierge_core.errors import ConciergeError
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime

log = structlog.get_logger()
METRIC = "model_tokens"
REREAD_SECONDS = 60.0
WRITE_AFTER_SECONDS = 2.0
"""The tokens of so long a time are written together; a process that is killed has not counted its last ones."""


class _Hour(NamedTuple):
    channel: str
    day: str
    hour: int


class TokenBudget:
    """The day's tokens of one property. Other replicas' spending is seen once a minute, so a limit may be overshot by
    what they spend in that time."""

    def __init__(self, runtime: Runtime) -> None:
        self._rt = runtime
        self._limit = runtime.tenant.spec.ai.daily_token_budget
        self._day = ""
        self._spent = 0
        self._read_at = float("-inf")
        self._unwritten: Counter[_Hour] = Counter()
        self._writer: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

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
        local = self._local()
        self._spent += tokens
        self._unwritten[_Hour(channel, local.date().isoformat(), local.hour)] += tokens
        if self._writer is None or self._writer.done():
            self._hurry.clear()
            self._writer = asyncio.create_task(self._write_at_times())

    async def settle(self) -> None:
        """Wait until all is written, without the usual pause."""
        if self._writer is not None:
            self._hurry.set()
            await self._writer

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
        written = sum(h["value"] for h in hours if h["metric_type"] == METRIC and h["date"] == day)
        self._spent = int(written) + sum(tokens for hour, tokens in self._unwritten.items() if hour.day == day)

    async def _write_at_times(self) -> None:
        while self._unwritten:
            try:
                async with asyncio.timeout(WRITE_AFTER_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            await self._write()

    async def _write(self) -> None:
        spent, self._unwritten = self._unwritten, Counter()
        try:
            async with self._rt.store.write() as unit:
                for hour, tokens in spent.items():
                    await self._add(unit, hour, tokens)
        except ConciergeError as error:
            log.warning("tokens_not_counted", tokens=spent.total(), error=type(error).__name__)

    async def _add(self, unit: Unit, spent_in: _Hour, tokens: int) -> None:
        channel, day, hour = spent_in
        hours = await unit.analytics.hours(self._rt.tenant_id, since_date=day)
        this = (METRIC, channel, day, hour)
        same = (h for h in hours if (h["metric_type"], h["channel"], h["date"], h["hour"]) == this)
        before = next((h["value"] for h in same), 0.0)
        await unit.analytics.put_hour(
            self._rt.tenant_id, metric_type=METRIC, channel=channel, date=day, hour=hour, value=before + tokens
        )

    def _local(self) -> datetime:
        return self._rt.tenant.spec.property.local(self._rt.clock.now())

"""Hourly figures into the `analytics` table, counted again for the last hours at every run."""

from __future__ import annotations

from concierge_core.rollups import LONGEST_LOOK_BACK, Hour, added_up, count_from, hours_between
from concierge_core.work.names import ROLLUP
from concierge_core.work.registry import TaskContext, task

_HOURS_AT_A_TIME = 24


@task(ROLLUP)
async def roll_up_analytics(context: TaskContext) -> None:
    """Count the last hours, and whatever a standstill has left uncounted. Doing it twice changes nothing."""
    rt = context.runtime
    zone, now = rt.tenant.spec.property.zone, rt.clock.now()
    hours = hours_between(count_from(now, await _last_day(context), zone), now, zone)
    for begin in range(0, len(hours), _HOURS_AT_A_TIME):
        await _count(context, hours[begin : begin + _HOURS_AT_A_TIME])


async def _last_day(context: TaskContext) -> str | None:
    rt = context.runtime
    since = (rt.tenant.spec.property.local(rt.clock.now()) - LONGEST_LOOK_BACK).date().isoformat()
    async with rt.store.read() as unit:
        rows = await unit.analytics.hours(rt.tenant_id, since_date=since)
    return max((row["date"] for row in rows), default=None)


async def _count(context: TaskContext, hours: list[Hour]) -> None:
    """Read first, then write: the writing transaction stays short."""
    rt = context.runtime
    counted = []
    async with rt.store.read() as unit:
        for hour in hours:
            spans = [await unit.analytics.recount(rt.tenant_id, start=a, end=b) for a, b in hour.spans]
            counted.append((hour, added_up(row for span in spans for row in span)))
    async with rt.store.write() as unit:
        for hour, figures in counted:
            for (metric_type, channel), value in figures.items():
                await unit.analytics.put_hour(
                    rt.tenant_id,
                    metric_type=metric_type,
                    channel=channel,
                    date=hour.day,
                    hour=hour.number,
                    value=value,
                )

"""What is kept long enough goes, for one property at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from concierge_core.domain.ids import TenantId

HERE, THERE = TenantId("here"), TenantId("there")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def note(store, tenant, days_ago: int) -> None:
    at = NOW - timedelta(days=days_ago)
    async with store.write() as unit:
        await unit.audit.add(tenant, actor="a", action=f"{days_ago} days ago", subject="s", details={}, now=at)
        await unit.analytics.put_hour(
            tenant, metric_type="handoffs", channel="web", date=at.date().isoformat(), hour=1, value=1
        )


async def left(store, tenant) -> tuple[list[str], list[str]]:
    async with store.read() as unit:
        entries = await unit.audit.entries(tenant)
        figures = await unit.analytics.hours(tenant, since_date="2000-01-01")
    return [e["action"] for e in entries], [f["date"] for f in figures]


async def test_old_audit_entries_and_figures_go_and_the_other_propertys_stay(store):
    for tenant in (HERE, THERE):
        await note(store, tenant, 10)
        await note(store, tenant, 1)

    async with store.write() as unit:
        assert await unit.audit.purge(HERE, NOW - timedelta(days=5)) == 1
        assert await unit.analytics.purge(HERE, (NOW - timedelta(days=5)).date().isoformat()) == 1

    assert await left(store, HERE) == (["1 days ago"], ["2026-11-23"])
    assert await left(store, THERE) == (["1 days ago", "10 days ago"], ["2026-11-14", "2026-11-23"])

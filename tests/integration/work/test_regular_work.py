"""Beat and what it starts: hourly figures and retention, once however many beats there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from concierge_core.domain.conversation import Channel
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases.guest import post_message, start_session
from concierge_core.work.envelope import Envelope
from concierge_core.work.registry import TaskContext, load_tasks
from concierge_core.work.running import TaskRunner
from concierge_core.work.work_settings import WorkSettings


def leaders(*beats: Any) -> list[Any]:
    return [beat for beat in beats if beat.events("beat_sent")]


async def test_two_beats_keep_one_rhythm_and_the_second_follows_the_first(start: Any, tools: Any) -> None:
    first, second = start("beat"), start("beat")
    await tools.until(lambda: leaders(first, second), seconds=20)
    await asyncio.sleep(5)
    (leader,) = leaders(first, second)
    follower = second if leader is first else first
    sent = Counter(event["task"] for event in leader.events("beat_sent"))

    leader.kill()
    await tools.until(lambda: follower.events("beat_sent"), seconds=10)

    assert 2 <= sent["concierge.roll_up_analytics"] <= 4  # every 2 s
    assert sent["concierge.keep_retention"] == 1
    assert not [b for b in (first, second) if "Traceback" in b.output]


async def test_a_beat_that_is_asked_to_stop_lets_the_other_follow_at_once(start: Any, tools: Any) -> None:
    first = start("beat")
    await tools.until(lambda: first.events("beat_sent"), seconds=20)
    second = start("beat")
    await tools.until(lambda: second.events("beat_stands_by"), seconds=20)

    assert first.stop() == 0
    await tools.until(lambda: second.events("beat_sent"), seconds=5)


async def test_beat_waits_quietly_for_a_broker_that_is_away(start: Any, valkey: Any, tools: Any) -> None:
    beat = start("beat")
    await tools.until(lambda: beat.events("beat_sent"), seconds=20)
    valkey.kill()
    await asyncio.sleep(4)
    lines = len(beat.events())
    cpu = _cpu_seconds(beat.popen.pid)
    await asyncio.sleep(3)
    idle = _cpu_seconds(beat.popen.pid) - cpu
    valkey.start()
    sent = len(beat.events("beat_sent"))
    await tools.until(lambda: len(beat.events("beat_sent")) > sent, seconds=15)

    assert len(beat.events()) - lines <= 6
    assert idle < 0.5
    assert "Traceback" not in beat.output


async def test_figures_appear_without_anybody_asking(rt: Runtime, start: Any, tools: Any) -> None:
    session = await start_session(rt)
    await post_message(rt, conversation_id=session.conversation.id, client_id="1", text="When is breakfast?")
    start("worker")
    start("beat")

    async def counted() -> dict[str, float]:
        async with rt.store.read() as unit:
            rows = await unit.analytics.hours(rt.tenant_id, since_date="2000-01-01")
        return {row["metric_type"]: row["value"] for row in rows if row["channel"] == "web"}

    await tools.until(counted, seconds=40)
    await asyncio.sleep(5)  # counted again meanwhile, and not twice

    figures = await counted()
    assert figures["conversations_started"] == 1
    assert figures["messages_guest"] == 1


async def test_counting_again_changes_nothing_and_hours_are_the_houses(rt: Runtime) -> None:
    rt.clock = FrozenClock(datetime.fromisoformat("2026-10-25T02:30:00+00:00"))
    rt.store._clock = rt.clock  # type: ignore[attr-defined]
    for at in ("2026-10-25T00:10:00+00:00", "2026-10-25T01:10:00+00:00"):  # 2:10 twice: the clocks go back
        rt.clock = FrozenClock(datetime.fromisoformat(at))
        session = await start_session(rt, channel=Channel.WEB)
        assert session.conversation.created_at == rt.clock.now()
        await post_message(rt, conversation_id=session.conversation.id, client_id="1", text="Is the pool open?")
    rt.clock = FrozenClock(datetime.fromisoformat("2026-10-25T02:30:00+00:00"))
    roll_up = load_tasks()["concierge.roll_up_analytics"]

    for _ in range(2):
        await roll_up(TaskContext(rt, WorkSettings()))

    async with rt.store.read() as unit:
        rows = await unit.analytics.hours(rt.tenant_id, since_date="2026-10-24")
    started = [(r["date"], r["hour"], r["value"]) for r in rows if r["metric_type"] == "conversations_started"]
    assert [(str(day), hour, value) for day, hour, value in started] == [("2026-10-25", 2, 2.0)]


async def test_what_is_past_its_time_is_erased_and_the_rest_stays(rt: Runtime) -> None:
    now = rt.clock.now()
    rt.clock = FrozenClock(now - timedelta(days=366))
    old = await start_session(rt)
    rt.clock = FrozenClock(now - timedelta(days=364))
    young = await start_session(rt)
    rt.clock = FrozenClock(now)
    runner = TaskRunner(rt, WorkSettings(), load_tasks())

    for _ in range(2):
        await runner.run("concierge.keep_retention", {}, Envelope())

    async with rt.store.read() as unit:
        assert await unit.conversations.get(rt.tenant_id, old.conversation.id) is None
        assert await unit.guests.get(rt.tenant_id, old.guest.id) is None
        assert await unit.conversations.get(rt.tenant_id, young.conversation.id) is not None


async def test_worker_and_beat_are_small(start: Any, tools: Any, capsys: Any) -> None:
    worker, beat = start("worker"), start("beat")
    await tools.until(lambda: worker.events("task_done") and beat.events("beat_sent"), seconds=30)

    sizes = (worker.memory_mb(), beat.memory_mb())
    with capsys.disabled():
        print(f"\nworker {sizes[0]:.0f} MB, beat {sizes[1]:.0f} MB")
    assert sizes[0] <= 120
    assert sizes[1] <= 75


def _cpu_seconds(pid: int) -> float:
    from pathlib import Path

    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100

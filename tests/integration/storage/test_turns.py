"""Turns: leases, fences, and the journal of their tools."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from concierge_core.domain.turns import TurnState, claim, finish, supersede
from concierge_core.errors import Conflict

LEASE = timedelta(seconds=10)


async def test_a_turn_comes_back_as_stored(store, make, conversation):
    turn = make.running(conversation, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01", shown_at=make.noon)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)
    async with store.write() as unit:
        assert await unit.turns.get(make.tenant, turn.id) == turn
        await unit.turns.save(make.tenant, finish(turn, make.noon))
    async with store.read() as unit:
        assert await unit.turns.get(make.tenant, turn.id) == finish(turn, make.noon)


async def test_open_turns_are_listed_oldest_first(store, make, conversation, begun):
    second = make.turn(conversation, first_seq=3, last_seq=4)
    first = make.running(conversation)
    over = make.turn(conversation, state=TurnState.DONE)
    elsewhere = make.turn(await begun())
    async with store.write() as unit:
        for turn in (second, first, over, elsewhere):
            await unit.turns.add(make.tenant, turn)
        assert await unit.turns.open_of(make.tenant, conversation.id) == [first, second]


async def test_only_one_turn_of_a_conversation_runs(store, make, conversation):
    async with store.write() as unit:
        await unit.turns.add(make.tenant, make.running(conversation))
    with pytest.raises(Conflict):
        async with store.write() as unit:
            await unit.turns.add(make.tenant, make.running(conversation))
    second = make.turn(conversation, last_seq=2)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, second)
    with pytest.raises(Conflict):
        async with store.write() as unit:
            await unit.turns.save(make.tenant, replace(second, state=TurnState.RUNNING))


async def test_a_lease_is_renewed_by_its_holder_s_attempt_only(store, make, conversation):
    turn = make.running(conversation)
    until = make.noon + timedelta(seconds=20)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)
        assert await unit.turns.renew(make.tenant, turn.id, attempt=1, holder="here", until=until)
        assert not await unit.turns.renew(make.tenant, turn.id, attempt=1, holder="there", until=until)
        assert not await unit.turns.renew(make.tenant, turn.id, attempt=2, holder="here", until=until)
        assert (await unit.turns.get(make.tenant, turn.id)).lease_until == until
        await unit.turns.save(make.tenant, finish(turn, make.noon))
        assert not await unit.turns.renew(make.tenant, turn.id, attempt=1, holder="here", until=until)


async def test_only_the_current_attempt_shows(store, make, conversation):
    turn = make.running(conversation, attempt=2)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)
        assert not await unit.turns.mark_shown(make.tenant, turn.id, attempt=1, now=make.noon)
        assert await unit.turns.mark_shown(make.tenant, turn.id, attempt=2, now=make.noon)
        shown = await unit.turns.get(make.tenant, turn.id)
        assert shown.shown_at == make.noon
        assert supersede(shown, make.noon) is None


async def test_a_superseded_turn_shows_nothing(store, make, conversation):
    turn = make.running(conversation)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)
        await unit.turns.save(make.tenant, supersede(turn, make.noon))
    async with store.write() as unit:
        assert not await unit.turns.mark_shown(make.tenant, turn.id, attempt=1, now=make.noon)


async def test_abandoned_turns_are_found(store, make, begun):
    now = make.noon + timedelta(minutes=1)
    lapsed = make.running(await begun(), lease_until=now - timedelta(seconds=1))
    beyond = make.running(await begun(), lease_until=now + timedelta(hours=1))
    unleased = make.running(await begun(), lease_until=None)
    old = make.turn(await begun(), created_at=now - timedelta(seconds=9))
    well = make.running(await begun(), lease_until=now + LEASE)
    fresh = make.turn(await begun(), created_at=now)
    over = make.turn(await begun(), state=TurnState.DONE)
    async with store.write() as unit:
        for turn in (lapsed, beyond, unleased, old, well, fresh, over):
            await unit.turns.add(make.tenant, turn)
    async with store.read() as unit:
        found = await unit.turns.abandoned(
            make.tenant, now=now, owed_before=now - timedelta(seconds=2), lease_horizon=now + 2 * LEASE
        )
    assert {t.id for t in found} == {lapsed.id, beyond.id, unleased.id, old.id}
    assert all(t == claim(t, "x", now, LEASE) or claim(t, "x", now, LEASE) is not None for t in found)


async def test_a_tool_is_noted_once_per_turn(store, make, conversation):
    turn = make.running(conversation)
    result = {"number": 7, "summary": "two towels for 412"}
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)
        await unit.turns.journal(make.tenant, turn.id, "towels:2", "make_request", result)
        with pytest.raises(Conflict):
            await unit.turns.journal(make.tenant, turn.id, "towels:2", "make_request", {"number": 8})
        await unit.turns.journal(make.tenant, turn.id, "late", "late_check_out", {})
    async with store.read() as unit:
        assert await unit.turns.journalled(make.tenant, turn.id) == {"towels:2": result, "late": {}}


async def test_a_turn_owed_since_before_the_clock_was_set_back_is_taken_over(store, make, conversation):
    owed = make.turn(conversation, created_at=make.noon + timedelta(hours=1))
    async with store.write() as unit:
        await unit.turns.add(make.tenant, owed)
    async with store.read() as unit:
        abandoned = await unit.turns.abandoned(
            make.tenant,
            now=make.noon,
            owed_before=make.noon - timedelta(seconds=2),
            lease_horizon=make.noon + 2 * LEASE,
        )
    assert abandoned == [owed]

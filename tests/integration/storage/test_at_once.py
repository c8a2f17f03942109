"""Many at once: numbers without gaps, one winner, nothing shown after it was superseded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from concierge_core.domain.events import ConversationChanged
from concierge_core.domain.turns import TurnState, claim, supersede
from concierge_core.errors import Conflict
from concierge_core.storage import open_store

LEASE = timedelta(seconds=10)


@pytest.fixture
async def second_store(database_settings, keys, clock):
    """Another process's, as it were: connections of its own."""
    opened = await open_store(database_settings, keys=keys, clock=clock)
    yield opened
    await opened.close()


async def test_twenty_messages_at_once_get_numbers_without_gaps(store, second_store, make, conversation, post):
    posts = [post(s, conversation.id, f"{n}") for n in range(10) for s in (store, second_store)]
    messages = await asyncio.gather(*posts)
    assert sorted(m.seq for m in messages) == list(range(1, 21))
    async with store.read() as unit:
        stored = await unit.conversations.messages(make.tenant, conversation.id)
        assert [m.seq for m in stored] == list(range(1, 21))
        assert (await unit.conversations.get(make.tenant, conversation.id)).last_seq == 20


async def test_many_conversations_at_once_do_not_hinder_each_other(store, make, begun, post):
    talks = [await begun() for _ in range(10)]
    await asyncio.gather(*(post(store, talk.id, "hello") for talk in talks for _ in range(5)))
    async with store.read() as unit:
        for talk in talks:
            messages = await unit.conversations.messages(make.tenant, talk.id)
            assert [m.seq for m in messages] == [1, 2, 3, 4, 5]


async def test_the_same_client_id_at_once_is_stored_once(store, make, conversation, post):
    async def send():
        async with store.write() as unit:
            await unit.conversations.lock(make.tenant, conversation.id)
            known = await unit.conversations.message_by_client_id(make.tenant, conversation.id, "c1")
            if known is None:
                message = make.message(conversation, 1, client_id="c1")
                await unit.conversations.add_message(make.tenant, message)
            return known

    assert (await asyncio.gather(*(send() for _ in range(8)))).count(None) == 1


async def test_a_turn_is_claimed_by_one(store, second_store, make, conversation):
    turn = make.turn(conversation)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)

    async def try_claim(from_store, holder):
        async with from_store.write() as unit:
            current = await unit.turns.get(make.tenant, turn.id)
            held = claim(current, holder, make.noon, LEASE)
            if held is not None:
                await unit.turns.save(make.tenant, held)
            return held

    tries = [try_claim(s, f"{n}") for n in range(6) for s in (store, second_store)]
    winners = [held for held in await asyncio.gather(*tries) if held is not None]
    assert len(winners) == 1
    async with store.read() as unit:
        assert await unit.turns.get(make.tenant, turn.id) == winners[0]


async def test_positions_are_without_gaps_however_many_relays_number_them(store, second_store, make):
    async def write_events(n):
        async with store.write() as unit:
            for m in range(3):
                await unit.outbox.add(make.tenant, ConversationChanged(f"{n}-{m}"))

    async def relay(from_store):
        for _ in range(6):
            async with from_store.read() as unit:
                entries = await unit.outbox.unpositioned(make.tenant)
            async with from_store.write() as unit:
                await unit.outbox.give_positions(make.tenant, [e.id for e in entries])

    await asyncio.gather(*(write_events(n) for n in range(10)), relay(store), relay(second_store))
    await relay(store)
    async with store.read() as unit:
        entries = await unit.outbox.after_position(make.tenant, 0)
        assert await unit.outbox.last_position(make.tenant) == 30
    assert [e.position for e in entries] == list(range(1, 31))
    for n in range(10):
        told = [e.payload["conversation_id"] for e in entries if e.payload["conversation_id"].startswith(f"{n}-")]
        assert told == [f"{n}-0", f"{n}-1", f"{n}-2"]


async def test_request_numbers_are_without_gaps(store, second_store, make):
    async def make_request(from_store):
        async with from_store.write() as unit:
            request = make.request(await unit.requests.next_number(make.tenant))
            await unit.requests.add(make.tenant, request)

    await asyncio.gather(*(make_request(s) for _ in range(10) for s in (store, second_store)))
    async with store.read() as unit:
        assert sorted(r.number for r in await unit.requests.listed(make.tenant)) == list(range(1, 21))


@pytest.mark.parametrize("round_", range(8))
async def test_a_reply_is_either_shown_or_superseded_never_both(store, second_store, make, conversation, round_):
    turn = make.running(conversation)
    async with store.write() as unit:
        await unit.turns.add(make.tenant, turn)

    async def show():
        async with store.write() as unit:
            return await unit.turns.mark_shown(make.tenant, turn.id, attempt=1, now=make.noon)

    async def write_again():
        async with second_store.write() as unit:
            await unit.conversations.lock(make.tenant, conversation.id)
            (open_turn,) = await unit.turns.open_of(make.tenant, conversation.id)
            await asyncio.sleep(0.01 * (round_ % 3))
            ended = supersede(open_turn, make.noon)
            if ended is not None:
                await unit.turns.save(make.tenant, ended)
            return ended is not None

    order = [show(), write_again()] if round_ % 2 else [write_again(), show()]
    results = await asyncio.gather(*order)
    assert sorted(results) == [False, True]


async def test_a_reader_sees_one_picture(store, make, conversation, post):
    async with store.read() as unit:
        before = await unit.conversations.get(make.tenant, conversation.id)
        await post(store, conversation.id, "hello")
        assert await unit.conversations.get(make.tenant, conversation.id) == before
        assert await unit.conversations.messages(make.tenant, conversation.id) == []
    async with store.read() as unit:
        assert len(await unit.conversations.messages(make.tenant, conversation.id)) == 1


async def test_a_unit_that_fails_takes_nobody_with_it(store, make, begun, post):
    talks = [await begun() for _ in range(12)]

    async def fail(talk):
        async with store.write() as unit:
            await unit.conversations.add_message(make.tenant, make.message(talk, 1))
            await unit.conversations.add_message(make.tenant, make.message(talk, 1))

    async def give_up(talk):
        async with store.write() as unit:
            await unit.conversations.add_message(make.tenant, make.message(talk, 1))
            raise LookupError

    deeds = [(fail, give_up, lambda t: post(store, t.id, "kept"))[n % 3](talk) for n, talk in enumerate(talks)]
    results = await asyncio.gather(*deeds, return_exceptions=True)
    assert [type(r) for r in results[:2]] == [Conflict, LookupError]
    async with store.read() as unit:
        kept = [len(await unit.conversations.messages(make.tenant, talk.id)) for talk in talks]
    assert kept == [0, 0, 1] * 4


async def test_cancelled_units_leave_nothing_behind_and_hold_nobody_up(store, make, begun, post):
    talks = [await begun() for _ in range(8)]
    reached = asyncio.Event()

    async def dawdle(talk):
        async with store.write() as unit:
            await unit.conversations.lock(make.tenant, talk.id)
            await unit.conversations.add_message(make.tenant, make.message(talk, 1, text="dawdled"))
            reached.set()
            await asyncio.sleep(60)

    slow = asyncio.create_task(dawdle(talks[0]))
    await reached.wait()
    queued = [asyncio.create_task(post(store, talk.id, "cancelled")) for talk in talks[1:4]]
    kept = [asyncio.create_task(post(store, talk.id, "kept")) for talk in talks[4:]]
    await asyncio.sleep(0)
    for task in (slow, *queued[:2]):
        task.cancel()
    results = await asyncio.wait_for(asyncio.gather(slow, *queued, *kept, return_exceptions=True), 10)
    assert [isinstance(r, asyncio.CancelledError) for r in results] == [True] * 3 + [False] * 5
    async with store.read() as unit:
        assert await unit.conversations.messages(make.tenant, talks[0].id) == []
        for talk in talks[3:]:
            assert len(await unit.conversations.messages(make.tenant, talk.id)) == 1


async def test_a_unit_cancelled_at_any_moment_is_stored_whole_or_not_at_all(store, make, begun):
    """What counts beyond the two moments above: every await inside the unit and around its commit."""
    for pause in range(12):
        talk = await begun()

        async def write(talk=talk):
            async with store.write() as unit:
                locked = await unit.conversations.lock(make.tenant, talk.id)
                await unit.conversations.add_message(make.tenant, make.message(talk, 1))
                await unit.conversations.save(make.tenant, replace(locked, last_seq=1))

        task = asyncio.create_task(write())
        for _ in range(pause):
            await asyncio.sleep(0)
        await asyncio.sleep(0.0004 * pause)
        task.cancel()
        await asyncio.wait([task])
        async with store.read() as unit:
            messages = await unit.conversations.messages(make.tenant, talk.id)
            assert len(messages) == (await unit.conversations.get(make.tenant, talk.id)).last_seq


async def test_a_turn_cannot_run_twice_at_once(store, second_store, make, conversation):
    async def run(from_store):
        async with from_store.write() as unit:
            await unit.turns.add(make.tenant, make.running(conversation))

    results = await asyncio.gather(run(store), run(second_store), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "NoneType"]
    async with store.read() as unit:
        (turn,) = await unit.turns.open_of(make.tenant, conversation.id)
    assert turn.state is TurnState.RUNNING

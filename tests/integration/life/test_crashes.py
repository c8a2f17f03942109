"""Processes die in the middle of a reply; another one answers, once."""

from __future__ import annotations

import asyncio

from concierge_core.ai_wire import Done, Sentence
from concierge_core.domain.conversation import Author
from concierge_core.domain.events import ReplyDelta
from concierge_core.domain.turns import TurnState
from concierge_core.testing import FrozenClock, hanging, said
from concierge_core.use_cases.guest import post_message, start_session


async def test_a_dead_process_turn_is_taken_over_and_answered_once(make_runtime, concierge):
    clock = FrozenClock()
    dead, living = make_runtime(clock=clock), make_runtime(clock=clock)
    session = await start_session(dead)
    hangs = asyncio.Event()
    concierge.add(Sentence(text="Half a "), hangs, Sentence(text="reply"), Done(rung="embedded"))
    concierge.add(*said("The whole reply."))
    async with dead.broadcast.subscribe(dead.tenant_id, session.conversation.id) as events:
        posted = await post_message(dead, conversation_id=session.conversation.id, client_id="m1", text="Hi")
        async for event in events:
            if isinstance(event, ReplyDelta):
                break

    clock.advance(9)  # no renewal comes from the dead: its loops never ran
    await living.turns.sweep()
    answer = await living.turns.answer(posted.turn.id)
    hangs.set()  # the dead one wakes up late
    await dead.turns.answer(posted.turn.id)

    async with living.store.read() as unit:
        messages = await unit.conversations.messages(living.tenant_id, session.conversation.id)
    assert answer.text == "The whole reply."
    assert [m.author for m in messages] == [Author.GUEST, Author.CONCIERGE]


async def test_a_living_process_keeps_its_turn_however_slow_it_is(make_runtime, concierge):
    clock = FrozenClock()
    slow, other = make_runtime(clock=clock), make_runtime(clock=clock)
    session = await start_session(slow)
    hangs = asyncio.Event()
    concierge.add(hangs, *said("At last."))
    posted = await post_message(slow, conversation_id=session.conversation.id, client_id="m1", text="Hi")
    for _ in range(10):
        clock.advance(2)
        await slow.turns.renew_leases()
        await other.turns.sweep()
    hangs.set()

    assert (await slow.turns.answer(posted.turn.id)).text == "At last."
    assert len(concierge.requests) == 1


async def test_a_turn_that_kills_every_process_ends_in_a_hand_off(make_runtime, concierge):
    clock = FrozenClock()
    session = await start_session(make_runtime(clock=clock))
    last = make_runtime(clock=clock)
    asked, script = hanging()
    concierge.add(*script)
    posted = await post_message(last, conversation_id=session.conversation.id, client_id="m1", text="Hi")
    for _ in range(2):
        await asked.wait()
        asked, script = hanging()
        concierge.add(*script)
        clock.advance(9)
        last = make_runtime(clock=clock)
        await last.turns.sweep()
    await asked.wait()
    clock.advance(9)
    last = make_runtime(clock=clock)
    await last.turns.sweep()

    answer = await asyncio.wait_for(last.turns.answer(posted.turn.id), 10)

    assert "colleague" in answer.text
    async with last.store.read() as unit:
        turn = await unit.turns.get(last.tenant_id, posted.turn.id)
    assert turn.state is TurnState.DONE


async def test_a_process_that_stops_gives_its_turn_back_at_once(make_runtime, concierge):
    clock = FrozenClock()
    stopping, other = make_runtime(clock=clock), make_runtime(clock=clock)
    session = await start_session(stopping)
    asked, script = hanging()
    concierge.add(*script)
    posted = await post_message(stopping, conversation_id=session.conversation.id, client_id="m1", text="Hi")
    await asked.wait()
    await stopping.turns.give_back(patience_seconds=0)

    await other.turns.sweep()

    assert (await other.turns.answer(posted.turn.id)).text == "You said: Hi"

"""A guest writes; whatever happens, there is one reply, or a person."""

from __future__ import annotations

import asyncio

import pytest

from concierge_core.ai_wire import Done, Handoff, Restart, Sentence
from concierge_core.domain.conversation import Author, Ownership, Priority, Status
from concierge_core.domain.events import MessagePosted, OutboxAdvanced, OwnershipChanged, ReplyDelta, ReplyWithdrawn
from concierge_core.domain.understanding import Rung
from concierge_core.errors import Conflict, NotFound
from concierge_core.tenant.hours import Hours
from concierge_core.testing import FrozenClock, cut_off, hanging, said
from concierge_core.use_cases.guest import post_message, rate, request_person, start_session
from concierge_core.use_cases.handoff import expire_handoff
from concierge_core.use_cases.staff import close, hand_back, reply, take_over


async def write(rt, session, text="When is breakfast?", client_id="m1"):
    return await post_message(rt, conversation_id=session.conversation.id, client_id=client_id, text=text)


async def answered(rt, session, text="When is breakfast?", client_id="m1"):
    posted = await write(rt, session, text, client_id)
    return await rt.turns.answer(posted.turn.id)


async def until(events, kind):
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, kind):
                return event


def close_the_desk(rt):
    """Nobody can be reached, at any hour."""
    rt.tenant.spec.chat.handoff.__dict__["hours"] = Hours.model_validate({})


async def test_a_guest_is_answered_with_what_was_understood(rt, session, concierge, transcript):
    concierge.add(*said("From 7 to 10.", "On Sundays until 11."))

    await answered(rt, session)

    question, reply_ = await transcript(session.conversation.id)
    assert (question.seq, question.author, question.understanding.intent) == (1, Author.GUEST, "faq")
    assert (reply_.seq, reply_.author, reply_.text) == (2, Author.CONCIERGE, "From 7 to 10. On Sundays until 11.")
    assert reply_.provenance.rung is Rung.EMBEDDED


async def test_sentences_are_shown_as_they_come_and_then_the_message(rt, session, concierge):
    concierge.add(*said("One.", "Two."))
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await answered(rt, session)
        seen = []
        async with asyncio.timeout(5):
            async for event in events:
                seen.append(event)
                if isinstance(event, MessagePosted) and event.author == "concierge":
                    break

    deltas = [(e.index, e.text) for e in seen if isinstance(e, ReplyDelta)]
    assert deltas == [(0, "One. "), (1, "Two. ")]
    assert isinstance(seen[0], MessagePosted)


async def test_the_same_client_id_twice_is_the_same_message(rt, session, transcript):
    first = await write(rt, session)
    again = await write(rt, session)

    assert again.duplicate
    assert again.message.id == first.message.id
    await rt.turns.answer(first.turn.id)
    assert len(await transcript(session.conversation.id)) == 2


async def test_the_same_message_sent_twice_at_once_is_stored_once(rt, session, transcript):
    posts = await asyncio.gather(*(write(rt, session) for _ in range(10)))

    assert sum(not p.duplicate for p in posts) == 1
    await rt.turns.answer(next(p.turn for p in posts if p.turn).id)
    assert [m.seq for m in await transcript(session.conversation.id)] == [1, 2]


async def test_writing_again_before_anything_was_shown_gets_one_reply_to_both(rt, session, concierge, transcript):
    asked, script = hanging()
    concierge.add(*script)

    await write(rt, session, "Is there a pool?", "m1")
    await asked.wait()
    await answered(rt, session, "And a sauna?", "m2")

    texts = [m.text for m in await transcript(session.conversation.id)]
    assert texts == ["Is there a pool?", "And a sauna?", "You said: Is there a pool? You said: And a sauna?"]


async def test_writing_again_while_the_reply_is_being_spoken_gets_a_second_reply(rt, session, concierge, transcript):
    go_on = asyncio.Event()
    concierge.add(Sentence(text="The pool is "), go_on, Sentence(text="open."), Done(rung="embedded"))
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await write(rt, session, "Is there a pool?", "m1")
        await until(events, ReplyDelta)
        second = await write(rt, session, "And a sauna?", "m2")
        go_on.set()
        await rt.turns.answer(second.turn.id)

    said_ = [(m.author.value, m.text) for m in await transcript(session.conversation.id)]
    assert said_[2:] == [("concierge", "The pool is open."), ("concierge", "You said: And a sauna?")]


async def test_a_reply_that_cannot_be_made_becomes_a_kind_word_and_a_person(rt, session, concierge, reread, transcript):
    concierge.add(*cut_off("The pool is"))

    await answered(rt, session)

    assert (await reread(session.conversation)).status is Status.WAITING
    last = (await transcript(session.conversation.id))[-1]
    assert "colleague" in last.text
    assert "The pool" not in last.text


async def test_a_rung_that_fails_is_withdrawn_and_the_next_one_speaks(rt, session, concierge, transcript):
    concierge.add(
        Sentence(text="It costs 5 "), Restart(reason="cut"), Sentence(text="It is free."), Done(rung="embedded")
    )

    await answered(rt, session)

    assert (await transcript(session.conversation.id))[-1].text == "It is free."


async def test_staff_who_take_over_silence_the_concierge_in_mid_sentence(rt, session, concierge, anna, transcript):
    never = asyncio.Event()
    concierge.add(Sentence(text="Let me "), never, Sentence(text="tell you"), Done(rung="embedded"))
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        posted = await write(rt, session)
        await until(events, ReplyDelta)
        await take_over(rt, conversation_id=session.conversation.id, staff=anna)
        await until(events, ReplyWithdrawn)
        never.set()
        assert await rt.turns.answer(posted.turn.id) is None

    assert [m.author for m in await transcript(session.conversation.id)] == [Author.GUEST]


async def test_the_concierge_says_nothing_while_staff_own_and_speaks_again_after_hand_back(
    rt, session, anna, concierge, transcript
):
    await take_over(rt, conversation_id=session.conversation.id, staff=anna)
    posted = await write(rt, session, "Hello?", "m1")
    assert posted.turn is None
    await reply(
        rt,
        conversation_id=session.conversation.id,
        staff=anna,
        text="Hello, Anna here",
        last_seen_seq=1,
        client_id="s1",
    )
    await hand_back(rt, conversation_id=session.conversation.id, staff=anna)
    await answered(rt, session, "And the pool?", "m2")

    authors = [m.author.value for m in await transcript(session.conversation.id)]
    assert authors == ["guest", "staff", "guest", "concierge"]
    assert concierge.requests[-1].history == []


async def test_staff_never_answer_blind_to_a_newer_message_and_a_retry_is_not_sent_twice(rt, session, anna, transcript):
    await take_over(rt, conversation_id=session.conversation.id, staff=anna)
    await write(rt, session, "One", "m1")
    await write(rt, session, "Two", "m2")
    send = {"conversation_id": session.conversation.id, "staff": anna, "text": "Yes", "client_id": "s1"}

    with pytest.raises(Conflict):
        await reply(rt, **send, last_seen_seq=1)
    first = await reply(rt, **send, last_seen_seq=2)
    again = await reply(rt, **send, last_seen_seq=2)

    assert again.id == first.id
    assert len(await transcript(session.conversation.id)) == 3


async def test_two_staff_are_never_both_owners(rt, session, anna, ben, reread):
    results = await asyncio.gather(
        take_over(rt, conversation_id=session.conversation.id, staff=anna),
        take_over(rt, conversation_id=session.conversation.id, staff=ben),
        return_exceptions=True,
    )

    assert sum(isinstance(r, Conflict) for r in results) == 1
    assert (await reread(session.conversation)).staff_id in (anna.id, ben.id)


async def test_a_hand_off_nobody_accepts_is_told_and_becomes_a_request(rt, session, reread, transcript, make_runtime):
    await request_person(rt, conversation_id=session.conversation.id)
    assert (await reread(session.conversation)).status is Status.WAITING

    later = FrozenClock(rt.clock.now())
    later.advance(3600)
    await expire_handoff(make_runtime(clock=later), session.conversation.id)

    async with rt.store.read() as unit:
        (request,) = await unit.requests.listed(rt.tenant_id)
    assert request.conversation_id == session.conversation.id
    assert str(request.number) in (await transcript(session.conversation.id))[-1].text
    assert (await reread(session.conversation)).ownership is Ownership.CONCIERGE


async def test_a_hand_off_of_the_concierge_waits_for_a_person_and_work_is_noted(rt, session, concierge, reread):
    concierge.add(Sentence(text="A colleague will help you."), Handoff(reason="complaint", rung="embedded"))

    await answered(rt, session, "This is terrible")

    waiting = await reread(session.conversation)
    assert (waiting.status, waiting.handoff_reason) == (Status.WAITING, "complaint")
    async with rt.store.read() as unit:
        names = [t.payload["name"] for t in await unit.outbox.unsent_tasks(rt.tenant_id)]
    assert "concierge.notify_handoff" in names


async def test_writing_to_a_closed_conversation_opens_it_again(rt, session, anna, transcript, reread):
    await take_over(rt, conversation_id=session.conversation.id, staff=anna)
    await close(rt, conversation_id=session.conversation.id, staff=anna)

    await answered(rt, session, "One more thing")

    assert (await reread(session.conversation)).ownership is Ownership.CONCIERGE
    assert (await transcript(session.conversation.id))[-1].author is Author.CONCIERGE


async def test_a_session_is_resumed_by_its_token_and_not_by_another(rt, session):
    same = await start_session(rt, token=session.token)
    other = await start_session(rt, token="x" * 43)

    assert same.conversation.id == session.conversation.id
    assert other.guest.id != session.guest.id
    assert other.token != "x" * 43


async def test_another_property_finds_nothing_of_this_one(session, make_runtime):
    other = make_runtime(code="other-house")

    with pytest.raises(NotFound):
        await post_message(other, conversation_id=session.conversation.id, client_id="m1", text="Hello")
    stranger = await start_session(other, token=session.token)
    assert stranger.conversation.id != session.conversation.id


async def test_a_card_number_is_masked_before_it_is_stored(rt, session, concierge, transcript):
    await answered(rt, session, "My card is 4111 1111 1111 1111")

    assert (await transcript(session.conversation.id))[0].text == "My card is •••• 1111"
    assert concierge.requests[0].messages == ["My card is •••• 1111"]


async def test_a_rating_is_kept(rt, session, reread):
    await rate(rt, conversation_id=session.conversation.id, score=5)

    assert (await reread(session.conversation)).rating == 5


async def test_stored_events_get_gapless_positions_in_order(rt, session):
    async with rt.broadcast.subscribe(rt.tenant_id) as events:
        await answered(rt, session)
        await answered(rt, session, "And lunch?", "m2")
        async with rt.store.read() as unit:
            total = len(await unit.outbox.after_position(rt.tenant_id, 0)) + len(
                await unit.outbox.unpositioned(rt.tenant_id)
            )
        async with asyncio.timeout(10):
            async for event in events:
                if isinstance(event, OutboxAdvanced) and event.position >= total:
                    break
    async with rt.store.read() as unit:
        entries = await unit.outbox.after_position(rt.tenant_id, 0)
    assert [e.position for e in entries] == list(range(1, len(entries) + 1))


async def test_what_a_superseded_turns_tools_did_is_not_done_again(rt, session, concierge):
    asked, script = hanging()
    concierge.add(*script)
    first = await write(rt, session, "Two towels, please", "m1")
    await asked.wait()
    done = {"ok": True, "number": 1, "tool": "service_request", "kind": "towels"}
    async with rt.store.write() as unit:
        await unit.turns.journal(rt.tenant_id, first.turn.id, "towels", "service_request", done)

    second = await write(rt, session, "And a taxi", "m2")

    async with rt.store.read() as unit:
        assert await unit.turns.journalled(rt.tenant_id, second.turn.id) == {"towels": done}


async def test_what_a_guest_wrote_while_nobody_came_is_answered_afterwards(rt, session, make_runtime, transcript):
    await request_person(rt, conversation_id=session.conversation.id)
    await write(rt, session, "Is the pool open?", "m1")
    await write(rt, session, "And the sauna?", "m2")
    later = FrozenClock(rt.clock.now())
    later.advance(3600)

    owed = await expire_handoff(make_runtime(clock=later), session.conversation.id)
    rt.turns.start(owed)

    answer = await rt.turns.answer(owed.id)
    assert answer.text == "You said: Is the pool open? You said: And the sauna?"
    assert [m.author.value for m in await transcript(session.conversation.id)][-2:] == ["concierge", "concierge"]


async def test_an_emergency_while_waiting_for_a_person_is_told_whom_to_call_and_comes_first(
    rt, session, reread, transcript
):
    await request_person(rt, conversation_id=session.conversation.id)
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await write(rt, session, "There is a fire in my room", "m1")
        await until(events, OwnershipChanged)

    now = await reread(session.conversation)
    assert (now.priority, now.status) == (Priority.URGENT, Status.WAITING)
    assert "112" in (await transcript(session.conversation.id))[-1].text


async def test_an_emergency_is_never_taken_back_from_staff(rt, session, reread, make_runtime, transcript):
    await request_person(rt, conversation_id=session.conversation.id)
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await write(rt, session, "fire!", "m1")
        await until(events, OwnershipChanged)
    later = FrozenClock(rt.clock.now())
    later.advance(3600)

    assert await expire_handoff(make_runtime(clock=later), session.conversation.id) is None

    assert (await reread(session.conversation)).status is Status.WAITING
    assert "112" in (await transcript(session.conversation.id))[-1].text


async def test_at_night_the_guest_is_told_when_the_desk_opens_and_nothing_else(
    rt, session, concierge, reread, transcript
):
    close_the_desk(rt)
    concierge.add(Sentence(text="A colleague is coming."), Handoff(reason="complaint", rung="embedded"))

    reply_ = await answered(rt, session, "This is terrible")

    assert (await reread(session.conversation)).ownership is Ownership.CONCIERGE
    assert "A colleague is coming" not in reply_.text
    assert len(await transcript(session.conversation.id)) == 2


async def test_a_question_asked_while_a_hand_off_meets_a_closed_desk_is_answered(rt, session, concierge, transcript):
    close_the_desk(rt)
    go_on = asyncio.Event()
    concierge.add(Sentence(text="Oh dear. "), go_on, Handoff(reason="complaint", rung="embedded"))
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await write(rt, session, "This is terrible", "m1")
        await until(events, ReplyDelta)
        second = await write(rt, session, "When is breakfast?", "m2")
        go_on.set()

    assert (await rt.turns.answer(second.turn.id)).text == "You said: When is breakfast?"


async def test_the_guest_is_told_when_writing_opens_a_closed_conversation(rt, session, anna):
    await take_over(rt, conversation_id=session.conversation.id, staff=anna)
    await close(rt, conversation_id=session.conversation.id, staff=anna)
    async with rt.broadcast.subscribe(rt.tenant_id, session.conversation.id) as events:
        await write(rt, session, "One more thing")
        await until(events, OwnershipChanged)

"""A guest is told in the conversation what becomes of their request."""

from __future__ import annotations

import pytest

from concierge_core.domain.conversation import Channel
from concierge_core.domain.requests import RequestState
from concierge_core.tenant.hours import Hours
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import staff as staff_use_cases
from concierge_core.use_cases.guest import post_message, request_person, start_session
from concierge_core.use_cases.handoff import expire_handoff


@pytest.fixture
def make(rt, anna):
    """A request that staff make for a guest."""

    async def make(session):
        return await staff_use_cases.make_request(
            rt,
            staff=anna,
            department="housekeeping",
            kind="towels",
            summary="Two bath towels",
            conversation_id=session.conversation.id,
        )

    return make


async def test_each_step_of_a_request_is_a_numbered_message_of_its_conversation(rt, session, anna, make, transcript):
    request = await make(session)
    for state in (RequestState.ACCEPTED, RequestState.ON_THE_WAY, RequestState.DONE):
        await staff_use_cases.move_request(rt, request_id=request.id, state=state, staff=anna)

    told = await transcript(session.conversation.id)
    assert [m.seq for m in told] == [1, 2, 3, 4]
    assert all(m.is_notice and f"request {request.number}" in m.text for m in told)
    for message, words in zip(told, ("passed this on", "looking after", "on its way", "done"), strict=True):
        assert words in message.text


async def test_moving_a_request_to_where_it_is_tells_nothing_twice(rt, session, anna, make, transcript):
    request = await make(session)
    for _ in range(2):
        await staff_use_cases.move_request(rt, request_id=request.id, state=RequestState.ACCEPTED, staff=anna)

    assert len(await transcript(session.conversation.id)) == 2


async def test_the_news_come_in_the_guests_language(rt, anna, make, transcript):
    session = await start_session(rt, language="de")
    request = await make(session)
    await staff_use_cases.move_request(rt, request_id=request.id, state=RequestState.CANCELLED, staff=anna)

    assert "wurde abgesagt" in (await transcript(session.conversation.id))[-1].text


async def test_a_caller_is_told_nothing_in_writing(rt, make, transcript):
    session = await start_session(rt, channel=Channel.VOICE)
    await make(session)

    assert await transcript(session.conversation.id) == []


async def test_news_of_a_request_do_not_count_as_the_answer_that_a_waiting_guest_is_owed(
    rt, session, anna, make, make_runtime
):
    request = await make(session)
    await request_person(rt, conversation_id=session.conversation.id)
    asked = await post_message(
        rt, conversation_id=session.conversation.id, client_id="1", text="And where is the sauna?"
    )
    await staff_use_cases.move_request(rt, request_id=request.id, state=RequestState.DONE, staff=anna)

    later = FrozenClock(rt.clock.now())
    later.advance(3600)
    owed = await expire_handoff(make_runtime(clock=later), session.conversation.id)

    assert owed is not None
    assert (owed.first_seq, owed.last_seq) == (asked.message.seq, asked.message.seq)


async def requests_of(rt):
    async with rt.store.read() as unit:
        return await unit.requests.listed(rt.tenant_id)


async def test_a_guest_who_asks_for_a_person_again_and_again_at_night_is_one_request(rt, session, anna, reread):
    rt.tenant.spec.chat.handoff.__dict__["hours"] = Hours.model_validate({})
    for reason in ("guest_wish", "complaint"):
        await request_person(rt, conversation_id=session.conversation.id, reason=reason)

    (request,) = await requests_of(rt)
    assert (request.number, request.summary, request.priority.value) == (1, "complaint", "high")
    assert request.updated_at > request.created_at

    await staff_use_cases.move_request(rt, request_id=request.id, state=RequestState.DONE, staff=anna)
    await request_person(rt, conversation_id=session.conversation.id)
    assert len(await requests_of(rt)) == 2


async def test_a_second_hand_off_that_nobody_accepts_is_told_with_the_number_of_the_first(
    rt, session, make_runtime, transcript
):
    later = FrozenClock(rt.clock.now())
    for _ in range(2):
        await request_person(rt, conversation_id=session.conversation.id)
        later.advance(3600)
        await expire_handoff(make_runtime(clock=later), session.conversation.id)

    assert len(await requests_of(rt)) == 1
    told = [m.text for m in await transcript(session.conversation.id) if "noted as request 1" in m.text]
    assert len(told) == 2

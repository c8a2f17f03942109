"""Whole calls, from the first ring to the goodbye, through the simulated Twilio."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from concierge_core.domain.conversation import Channel, Status
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import Unavailable
from concierge_core.testing import said
from concierge_core.use_cases.staff import reply, take_over
from concierge_simulators.twilio import CallRecord, HangsUp, Presses, Says, StaysSilent
from concierge_voice import answering

BREAKFAST = "Breakfast is served from **7:00** to 10:30. See https://seehof.example/menu"


async def test_a_caller_asks_is_answered_and_goes_on_in_the_same_conversation(serve: Any) -> None:
    house, served = await serve()
    house.concierge.add(*said(BREAKFAST))
    house.concierge.add(*said("Yes, in the garden."))

    call = await served.phone().call([Says("When is breakfast?"), Says("Can I sit outside?"), HangsUp()])

    assert call.said_to_caller[0] == "Welcome to Hotel Seehof."
    assert "AI" in call.said_to_caller[1]
    assert "Breakfast is served from 7:00 to 10:30. See our website." in call.said_to_caller
    assert call.said_to_caller[-1] == "Yes, in the garden."
    (conversation,) = await served.conversations()
    assert conversation.channel is Channel.VOICE
    assert [m.text for m in await served.messages()][::2] == ["When is breakfast?", "Can I sit outside?"]
    assert len(house.concierge.requests[1].history) == 2
    assert call.slowest_seconds < 15  # Twilio waits no longer


async def test_every_webhook_delivered_twice_is_answered_alike_and_acts_once(serve: Any) -> None:
    house, served = await serve()

    call = await served.phone(duplicates=True).call(
        [Says("When is breakfast?"), StaysSilent(), Presses("0"), Says("And a towel"), HangsUp()]
    )

    assert len(house.concierge.requests) == 1
    assert len(await served.conversations()) == 1
    guest = [m.text for m in await served.messages() if m.author == "guest"]
    assert guest == ["When is breakfast?", "And a towel"]
    assert sum("asked a colleague" in words for words in call.said_to_caller) == 1


async def test_a_webhook_repeated_later_at_another_process_gets_the_same_bytes(serve: Any) -> None:
    house, served = await serve()
    _, other = await serve(house)
    phone = served.phone()
    fields = phone.call_fields("CA" + secrets.token_hex(16), "+4915112345678", "in-progress")
    fields |= {"SpeechResult": "When is breakfast?", "Confidence": "0.9"}
    path = "/voice/gather?turn=1&silence=0&wait=0&heard=0"

    async with httpx.AsyncClient(trust_env=False) as client:
        first = await phone.post(client, path, fields)
        second = await other.phone().post(client, path, fields)

    assert first.status_code == 200
    assert first.content == second.content
    assert len(house.concierge.requests) == 1


async def test_a_slow_answer_is_bridged_with_patience(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(answering, "NEXT_WAIT_SECONDS", 0.2)
    house, served = await serve()
    thought = asyncio.Event()
    house.concierge.add(thought, *said("At seven."))
    asyncio.get_running_loop().call_later(0.5, thought.set)

    call = await served.phone(duplicates=True).call([Says("When is breakfast?"), HangsUp()])

    assert call.said_to_caller[2] == "One moment, please. I am looking that up."
    assert call.said_to_caller[-1] == "At seven."
    assert len(house.concierge.requests) == 1


async def test_an_answer_that_never_comes_ends_with_a_person(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(answering, "NEXT_WAIT_SECONDS", 0.1)
    house, served = await serve()
    house.concierge.add(asyncio.Event())

    call = await served.phone().call([Says("When is breakfast?"), HangsUp()])

    assert sum("moment" in words for words in call.said_to_caller) == 4
    assert "could not find an answer in time" in call.said_to_caller[-1]
    (conversation,) = await served.conversations()
    assert conversation.status is Status.WAITING


async def test_a_concierge_that_fails_says_so_and_calls_a_person(serve: Any) -> None:
    house, served = await serve()
    house.concierge.add(Unavailable("model"))

    call = await served.phone().call([Says("When is breakfast?"), HangsUp()])

    assert "could not find an answer" in call.said_to_caller[-1]
    assert (await served.conversations())[0].status is Status.WAITING


async def test_zero_calls_a_person_and_what_staff_write_is_read_out(serve: Any) -> None:
    _, served = await serve()
    phone = served.phone()

    call = await phone.call([Presses("0"), HangsUp()])

    assert "I have asked a colleague" in call.said_to_caller[-1]
    (conversation,) = await served.conversations()
    assert conversation.status is Status.WAITING
    await _staff_writes(served, conversation, "Anna here, your taxi comes at nine.")
    fields = phone.call_fields(call.sid, "+4915112345678", "in-progress") | {"SpeechResult": "Any news?"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await phone.post(client, "/voice/gather?turn=2&silence=0&wait=0&heard=1", fields)
    assert "Anna here, your taxi comes at nine." in answer.text


async def _staff_writes(served: Any, conversation: Any, words: str) -> None:
    anna = Staff("a" * 32, "anna@hotel.example", "Anna", Role.AGENT, served.rt.clock.now())
    async with served.rt.store.write() as unit:
        await unit.staff.add(served.rt.tenant_id, anna)
    taken = await take_over(served.rt, conversation_id=conversation.id, staff=anna)
    await reply(
        served.rt,
        conversation_id=conversation.id,
        staff=anna,
        text=words,
        last_seen_seq=taken.last_seq,
        client_id="s1",
    )


async def test_with_the_desk_closed_the_caller_hears_until_when(serve: Any) -> None:
    _, served = await serve(property={"frontDeskHours": {"closedOn": [], "daily": []}})

    call = await served.phone(duplicates=True).call([Presses("0"), HangsUp()])

    assert (await served.conversations())[0].status is Status.OPEN
    async with served.rt.store.read() as unit:
        assert len(await unit.requests.listed(served.rt.tenant_id)) == 1
    assert (await served.messages())[-1].text in call.said_to_caller


async def test_a_silent_caller_is_asked_twice_and_wished_well(serve: Any) -> None:
    house, served = await serve()

    call = await served.phone().call([StaysSilent(), StaysSilent(), StaysSilent()])

    assert call.said_to_caller[2:] == [
        "I am still here. What can I do for you?",
        "I could not hear you. Please tell me what you need, or press zero to reach a person.",
        "Thank you for calling. Goodbye.",
    ]
    assert call.ended_by == "us"
    assert await served.conversations() == []
    assert house.concierge.requests == []


async def test_a_german_house_speaks_german(serve: Any) -> None:
    _, served = await serve(property={"languages": ["de", "en"]}, voice={"greeting": {"de": "Guten Tag im Seehof."}})

    call: CallRecord = await served.phone().call([HangsUp()])

    assert call.said_to_caller[0] == "Guten Tag im Seehof."
    assert "KI-Concierge" in call.said_to_caller[1]
    assert set(call.languages) == {"de-DE"}


async def test_only_twilio_is_listened_to(serve: Any) -> None:
    house, served = await serve()
    phone = served.phone()
    fields = phone.call_fields("CA" + "0" * 32, "+4915112345678", "ringing") | {"SpeechResult": "hello"}
    foreign = served.phone(account_sid="AC" + "9" * 32)

    async with httpx.AsyncClient(trust_env=False) as client:
        unsigned = await client.post(served.url + "/voice/incoming", data=fields)
        forged = await phone.post(client, "/voice/gather?turn=1", fields, signature="Zm9yZ2Vk")
        altered = await client.post(
            served.url + "/voice/gather?turn=2",
            data=fields,
            headers={"x-twilio-signature": (await _signature(phone, fields))},
        )
        other_account = await foreign.post(client, "/voice/incoming", foreign.call_fields("CA", "+49", "ringing"))
        status = await phone.post(client, "/voice/status", fields)
        nonsense = await phone.post(client, "/voice/gather?turn=99999", fields)

    answers = (unsigned, forged, altered, other_account)
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
    assert (status.status_code, nonsense.status_code) == (204, 404)
    assert await served.conversations() == []
    assert house.concierge.requests == []


async def _signature(phone: Any, fields: dict[str, str]) -> str:
    from concierge_simulators.twilio_signature import sign

    return sign("token-of-the-account", "http://127.0.0.1/voice/gather?turn=1", fields.items())


async def test_a_number_that_is_not_ours_hears_a_neutral_sentence(serve: Any) -> None:
    _, served = await serve()

    call = await served.phone(number="+4930999999").call([Says("Hello?")])

    assert call.said_to_caller == ["This number is not in service. Goodbye."]
    assert call.ended_by == "us"


async def test_a_house_without_calls_has_no_telephone(serve: Any) -> None:
    _, served = await serve(voice={"enabled": False})
    phone = served.phone()

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await phone.post(client, "/voice/incoming", phone.call_fields("CA1", "+49", "ringing"))

    assert answer.status_code == 404


async def test_with_the_database_away_the_caller_hears_where_to_call(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, served = await serve()

    def away() -> Any:
        raise Unavailable("database")

    monkeypatch.setattr(served.rt.store, "read", away)

    call = await served.phone().call([Says("When is breakfast?")])

    assert "technical problem" in call.said_to_caller[-1]
    assert "+493839300000" in call.said_to_caller[-1]
    assert call.ended_by == "us"


async def test_the_transcript_can_be_read(serve: Any) -> None:
    house, served = await serve()
    house.concierge.add(*said("At seven."))

    call = await served.phone().call([Says("When is breakfast?"), Presses("7"), HangsUp()])

    print(call.transcript)
    assert "   caller | When is breakfast?" in call.transcript
    assert "concierge | At seven." in call.transcript
    assert call.transcript.endswith("ended by caller")

"""The simulated Twilio is one that Twilio's own library takes for the real one."""

from __future__ import annotations

import asyncio

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from concierge_simulators.twilio_numbers import Fault, TwilioNumbers

ACCOUNT, TOKEN = "AC" + "1" * 32, "token-of-the-account"


def client_of(twilio: TwilioNumbers, token: str = TOKEN) -> Client:
    client = Client(ACCOUNT, token)
    client.api.base_url = twilio.url
    return client


async def test_the_librarys_own_classes_list_page_by_page_and_change_a_number() -> None:
    async with TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN) as twilio:
        for last in range(5):
            twilio.add(f"+4938393123{last}", voice_url="https://old.example/call")
        numbers = client_of(twilio).incoming_phone_numbers

        listed = await asyncio.to_thread(numbers.list, page_size=2)
        matching = await asyncio.to_thread(numbers.list, phone_number="*1232")
        changed = await asyncio.to_thread(matching[0].update, voice_url="", sms_url="https://new.example/text")
        fetched = await asyncio.to_thread(numbers(changed.sid).fetch)

    assert [one.phone_number for one in listed] == [f"+4938393123{last}" for last in range(5)]
    assert [one.phone_number for one in matching] == ["+49383931232"]
    assert (fetched.voice_url, fetched.sms_url) == ("", "https://new.example/text")
    assert fetched.date_updated >= fetched.date_created


async def test_errors_are_those_that_the_library_expects() -> None:
    async with TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN) as twilio:
        sid = twilio.add("+493839312345")
        number = client_of(twilio).incoming_phone_numbers(sid)
        told = []
        for sent in ({"voice_url": "not an address"}, {"voice_method": "PUT"}, {"voice_fallback_url": "https://a.b/c"}):
            with pytest.raises(TwilioRestException) as raised:
                await asyncio.to_thread(number.update, **sent)
            told.append((raised.value.status, raised.value.code))
        with pytest.raises(TwilioRestException) as stranger:
            await asyncio.to_thread(client_of(twilio, "another").incoming_phone_numbers(sid).fetch)
        with pytest.raises(TwilioRestException) as nobody:
            await asyncio.to_thread(client_of(twilio).incoming_phone_numbers("PN" + "0" * 32).fetch)
        twilio.fail_once(Fault(429, retry_after="7"))
        with pytest.raises(TwilioException, match="Unable to fetch page") as late:
            await asyncio.to_thread(client_of(twilio).incoming_phone_numbers.list)

    assert told == [(400, 21402), (400, 21403), (400, 21405)]
    assert (stranger.value.status, stranger.value.code) == (401, 20003)
    assert (nobody.value.status, nobody.value.code) == (404, 20404)
    assert late.value.args[1].headers["Retry-After"] == "7"


async def test_numbers_are_neither_sold_nor_taken_back() -> None:
    async with TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN) as twilio:
        sid = twilio.add("+493839312345")
        numbers = client_of(twilio).incoming_phone_numbers
        with pytest.raises(TwilioRestException) as bought:
            await asyncio.to_thread(numbers.create, phone_number="+493839399999")
        with pytest.raises(TwilioRestException) as released:
            await asyncio.to_thread(numbers(sid).delete)

    assert (bought.value.status, released.value.status) == (405, 405)
    assert twilio.number("+493839312345")["sid"] == sid

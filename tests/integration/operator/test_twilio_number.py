"""A tenant's Twilio number, through Twilio's real client library, against Twilio played on loopback."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from concierge_core.tenant.model import TenantSpec
from concierge_core.tenant.values import SecretRef
from concierge_operator import number_verdict
from concierge_operator.keep_number import ensure, release
from concierge_operator.number_model import VoiceNumber
from concierge_operator.number_verdict import Look, NumberResult, due, looked
from concierge_operator.observe import READY, State
from concierge_operator.twilio_api import TwilioApi
from concierge_operator.twilio_number import desired
from concierge_simulators.twilio_numbers import Fault, TwilioNumbers

ACCOUNT, NUMBER, SMS_NUMBER = "AC" + "1" * 32, "+493839312345", "+493839354321"
TOKEN = "token-of-the-account"
SECRET = SecretRef(name="twilio", key="auth-token")
TOKENS = {SECRET: TOKEN}
URL = "https://seehof.example"
OLD = {"voice_url": "https://old.example/call", "voice_method": "GET", "sms_url": "https://old.example/text"}


def spec(**parts: Any) -> TenantSpec:
    house = {
        "code": "seehof",
        "name": "Hotel Seehof",
        "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
        "timezone": "Europe/Berlin",
        "languages": ["en", "de"],
    }
    account = {"accountSid": ACCOUNT, "authTokenSecret": {"name": "twilio", "key": "auth-token"}, "number": NUMBER}
    voice = {"enabled": True, "twilio": account, **parts.pop("voice", {})}
    return TenantSpec.model_validate({"property": house, "host": "seehof.example", "voice": voice, **parts})


class House:
    """One tenant as the operator keeps it: its spec, its Secrets, and what its status holds."""

    def __init__(self, url: str) -> None:
        self.api = TwilioApi(url, timeout_seconds=30)
        self.spec = spec()
        self.tokens = dict(TOKENS)
        self.status: tuple[VoiceNumber, ...] = ()
        self.last: Look | None = None
        self.now = 0.0

    async def look(self) -> NumberResult:
        """One look, whether or not it is due."""
        result = await ensure(self.spec, URL, self.tokens, self.status, self.api)
        self.status = _as_stored(result.remembered)
        return result

    async def settle(self) -> NumberResult:
        await self.look()
        return await self.look()

    async def event(self) -> NumberResult | None:
        """Something happened to the tenant: a look, if it is due."""
        fingerprint = number_verdict.fingerprint(desired(self.spec, URL), URL, self.tokens)
        if not due(self.last, now=self.now, fingerprint=fingerprint):
            return None
        result = await self.look()
        self.last = looked(self.last, result, now=self.now, fingerprint=fingerprint)
        return result

    async def delete(self, *, seconds: float = 60) -> NumberResult:
        return await release(self.status, self.tokens, self.api, seconds=seconds)


def _as_stored(remembered: tuple[VoiceNumber, ...]) -> tuple[VoiceNumber, ...]:
    """What the API server gives back is plain JSON."""
    return tuple(
        VoiceNumber.model_validate(one.model_dump(by_alias=True, exclude_none=True, mode="json")) for one in remembered
    )


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioNumbers]:
    async with TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN) as one:
        one.add(NUMBER, **OLD)
        yield one


@pytest.fixture
def house(twilio: TwilioNumbers) -> House:
    return House(twilio.url)


def webhooks(twilio: TwilioNumbers, number: str = NUMBER) -> dict[str, str]:
    """What is set, of what Twilio calls."""
    names = ("voice_url", "voice_method", "status_callback", "sms_url", "voice_application_sid", "trunk_sid")
    return {name: twilio.number(number)[name] for name in names if twilio.number(number)[name]}


async def test_calls_are_led_to_the_house_and_back_to_where_they_went_before(
    twilio: TwilioNumbers, house: House
) -> None:
    noted = await house.look()
    settled = await house.look()
    during = webhooks(twilio)
    gone = await house.delete()

    assert noted.verdict is not None
    assert (noted.verdict.reason, noted.changed, noted.look_again) == ("TakingOver", False, True)
    assert (settled.verdict, settled.changed, settled.drift) == (READY, True, ())
    assert during == {
        "voice_url": f"{URL}/voice/incoming",
        "voice_method": "POST",
        "status_callback": f"{URL}/voice/status",
        "sms_url": "https://old.example/text",
    }
    assert (gone.verdict, gone.remembered) == (READY, ())
    assert webhooks(twilio) == OLD


async def test_text_messages_have_a_number_of_their_own_or_the_same(twilio: TwilioNumbers, house: House) -> None:
    twilio.add(SMS_NUMBER)
    house.spec = spec(messaging={"sms": {"enabled": True, "number": SMS_NUMBER}})
    await house.settle()
    apart = webhooks(twilio), webhooks(twilio, SMS_NUMBER)
    house.spec = spec(messaging={"sms": {"enabled": True}})
    await house.settle()

    assert apart[0]["sms_url"] == "https://old.example/text"
    assert apart[1] == {"sms_url": f"{URL}/messaging/incoming", "voice_method": "POST"}
    assert webhooks(twilio)["sms_url"] == f"{URL}/messaging/incoming"
    assert webhooks(twilio, SMS_NUMBER) == {"voice_method": "POST"}, "the other number is given back"
    assert [one.number for one in house.status] == [NUMBER]


async def test_an_unchanged_number_costs_one_request_a_resync_and_none_an_event(
    twilio: TwilioNumbers, house: House
) -> None:
    await house.event()
    await house.event()
    twilio.requests.clear()

    for _ in range(200):
        await house.event()
    between = len(twilio.requests)
    for _ in range(3):
        house.now += 2700
        await house.event()

    assert between == 0
    assert [asked.method for asked in twilio.requests] == ["GET"] * 3


async def test_an_unchanged_number_leaves_the_status_as_it_is(house: House) -> None:
    await house.settle()
    before = house.status
    result = await house.look()

    assert (result.remembered, result.changed) == (before, False)


async def test_somebody_elses_change_is_undone_and_told(twilio: TwilioNumbers, house: House) -> None:
    await house.settle()
    twilio.number(NUMBER)["voice_url"] = "https://rival.example/call"
    result = await house.look()

    assert [(drift.number, drift.occasion.value) for drift in result.drift] == [(NUMBER, "calls")]
    assert webhooks(twilio)["voice_url"] == f"{URL}/voice/incoming"
    await house.delete()
    assert webhooks(twilio) == OLD, "what was there before the first change, not the rival's"


async def test_only_what_differs_is_sent(twilio: TwilioNumbers, house: House) -> None:
    await house.settle()
    twilio.number(NUMBER)["status_callback_method"] = "GET"
    twilio.requests.clear()
    await house.look()

    assert [asked.fields for asked in twilio.requests if asked.method == "POST"] == [{"StatusCallbackMethod": "POST"}]


async def test_a_trunk_or_an_app_that_answered_calls_answers_them_again(twilio: TwilioNumbers, house: House) -> None:
    twilio.number(NUMBER)["trunk_sid"] = "TK" + "1" * 32
    await house.settle()
    during = webhooks(twilio)
    await house.delete()

    assert "trunk_sid" not in during
    assert webhooks(twilio) == {**OLD, "trunk_sid": "TK" + "1" * 32}


async def test_a_number_that_was_pointed_elsewhere_is_left_alone_on_deletion(
    twilio: TwilioNumbers, house: House
) -> None:
    await house.settle()
    twilio.number(NUMBER)["voice_url"] = "https://next.example/call"
    gone = await house.delete()

    assert gone.verdict == READY
    assert webhooks(twilio) == {**OLD, "voice_url": "https://next.example/call", "voice_method": "POST"}


async def test_calls_that_are_switched_off_go_where_they_went_before(twilio: TwilioNumbers, house: House) -> None:
    await house.settle()
    house.spec = spec(voice={"enabled": False})
    result = await house.look()

    assert (result.verdict, result.remembered) == (READY, ())
    assert webhooks(twilio) == OLD
    assert (await house.look()).verdict is None, "nothing is left to say"


async def test_a_house_that_is_closed_for_the_season_gives_its_number_back_and_takes_it_again(
    twilio: TwilioNumbers, house: House
) -> None:
    await house.settle()
    house.spec = spec(suspend={"active": True})
    await house.look()
    closed = webhooks(twilio)
    house.spec = spec()
    await house.settle()

    assert closed == OLD
    assert webhooks(twilio)["voice_url"] == f"{URL}/voice/incoming"


async def test_an_operator_that_died_in_between_still_knows_what_was_there_before(
    twilio: TwilioNumbers, house: House
) -> None:
    await house.look()
    stored = house.status
    await house.look()
    house.status = stored  # it died after the change, before it could store
    await house.look()
    await house.delete()

    assert webhooks(twilio) == OLD


async def test_wrong_credentials_are_one_clear_verdict_and_no_second_request_before_their_time(
    twilio: TwilioNumbers, house: House
) -> None:
    house.tokens = {SECRET: "token-of-last-year"}
    first = await house.event()
    for _ in range(50):
        house.now += 10
        assert await house.event() is None

    assert first is not None
    assert first.verdict is not None
    assert (first.verdict.state, first.verdict.reason) == (State.FAILED, "CredentialsRefused")
    assert ACCOUNT in first.verdict.message
    assert "Secret twilio, key auth-token (error 20003)" in first.verdict.message
    assert "token-of-last-year" not in repr(first)
    assert len(twilio.requests) == 1

    house.tokens = dict(TOKENS)
    assert await house.event() is not None, "a changed Secret is tried at once"
    assert (await house.event()).verdict == READY  # type: ignore[union-attr]


async def test_while_a_token_is_being_changed_the_secret_may_hold_both(twilio: TwilioNumbers, house: House) -> None:
    house.tokens = {SECRET: f"token-to-come,{TOKEN}\n"}
    result = await house.settle()

    assert result.verdict == READY


async def test_a_missing_secret_is_told_and_twilio_is_not_asked(twilio: TwilioNumbers, house: House) -> None:
    house.tokens = {}
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "SecretMissing")
    assert twilio.requests == []


@pytest.mark.parametrize("address", ["http://concierge-chat.seehof", "https://", ""])
async def test_without_a_public_https_address_nothing_is_set(twilio: TwilioNumbers, house: House, address: str) -> None:
    result = await ensure(house.spec, address, house.tokens, (), house.api)

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "NoPublicUrl")
    assert twilio.requests == []


async def test_a_number_that_the_account_lacks_is_told_and_never_bought(twilio: TwilioNumbers, house: House) -> None:
    twilio.remove(NUMBER)
    twilio.add(NUMBER + "9")  # Twilio lists it too: it contains the number that is looked for
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "NumberNotFound")
    assert {asked.method for asked in twilio.requests} == {"GET"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(500), "error 20500"),
        (Fault(429, retry_after="77"), "error 20429"),
        (Fault(503, body=b"<html>upstream</html>"), "status 503"),
        (Fault(200, body=b"<html>a captive portal</html>"), "JSONDecodeError"),
        (Fault(200, body=b"[]"), "TypeError"),
        (Fault(200, body=b'{"incoming_phone_numbers": [{}]}'), "KeyError"),
        (Fault(302, body=b""), "status 302"),
    ],
    ids=["500", "429", "503", "not json", "a list", "a blank", "redirect"],
)
async def test_twilio_being_away_is_told_and_tried_again_later(
    twilio: TwilioNumbers, house: House, fault: Fault, told: str
) -> None:
    await house.settle()
    before, stored = webhooks(twilio), house.status
    twilio.fail_once(fault)
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.PROGRESSING, "Away")
    assert told in result.verdict.message
    assert (webhooks(twilio), house.status) == (before, stored)
    assert (await house.look()).verdict == READY


async def test_twilio_is_not_waited_for_for_long(twilio: TwilioNumbers, house: House) -> None:
    twilio.fail_always(Fault(slow_seconds=30))
    house.api = TwilioApi(twilio.url, timeout_seconds=0.2)
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.reason, "TimeoutError" in result.verdict.message) == ("Away", True)


async def test_twilio_is_left_alone_for_as_long_as_it_asks(twilio: TwilioNumbers, house: House) -> None:
    twilio.fail_always(Fault(429, retry_after="77"))
    await house.event()
    house.now += 76
    too_early = await house.event()
    house.now += 1
    twilio.fail_always(None)

    assert too_early is None
    assert await house.event() is not None


async def test_a_change_whose_answer_got_lost_is_not_taken_for_somebody_elses(
    twilio: TwilioNumbers, house: House
) -> None:
    await house.look()
    twilio.fail_once(Fault(), Fault(500, after_doing=True))
    lost = await house.look()
    found = await house.look()

    assert lost.verdict is not None
    assert lost.verdict.reason == "Away"
    assert (found.verdict, found.changed, found.drift) == (READY, False, ())


async def test_webhooks_that_twilio_does_not_take_are_told_with_its_code(twilio: TwilioNumbers, house: House) -> None:
    await house.look()
    twilio.fail_once(Fault(), Fault(400, body=b'{"code": 21402, "message": "Invalid Url", "status": 400}'))
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "WebhooksRefused")
    assert "error 21402" in result.verdict.message


@pytest.mark.parametrize("trouble", ["credentials", "secret", "away", "slow"])
async def test_a_deletion_is_never_held_up_and_says_what_to_do_by_hand(
    twilio: TwilioNumbers, house: House, trouble: str
) -> None:
    await house.settle()
    if trouble == "credentials":
        house.tokens = {SECRET: "token-of-last-year"}
    elif trouble == "secret":
        house.tokens = {}
    else:
        twilio.fail_always(Fault(503) if trouble == "away" else Fault(slow_seconds=30))
    began = time.monotonic()
    gone = await house.delete(seconds=0.3)

    assert time.monotonic() - began < 10
    assert gone.remembered == ()
    assert gone.verdict is not None
    assert (gone.verdict.state, gone.verdict.reason) == (State.FAILED, "NotRestored")
    assert "by hand: calls → https://old.example/call, call status → nothing." in gone.verdict.message


async def test_a_number_that_the_hotel_has_parted_with_holds_nothing_up(twilio: TwilioNumbers, house: House) -> None:
    await house.settle()
    twilio.remove(NUMBER)

    assert (await house.delete()).verdict == READY


async def test_a_tenant_that_never_had_a_number_is_deleted_without_a_word(twilio: TwilioNumbers, house: House) -> None:
    gone = await house.delete()

    assert (gone.verdict, gone.remembered, twilio.requests) == (None, (), [])


async def test_nothing_secret_is_logged(twilio: TwilioNumbers, house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await house.settle()
    twilio.fail_once(Fault(500))
    await house.look()

    assert TOKEN not in caplog.text
    assert "twilio" not in {record.name.partition(".")[0] for record in caplog.records}


async def test_many_houses_are_looked_at_at_once_without_leaving_anything_open(
    twilio: TwilioNumbers, house: House
) -> None:
    others = [House(twilio.url) for _ in range(30)]
    results = await asyncio.gather(*(other.look() for other in others))

    assert {result.verdict.reason for result in results if result.verdict} == {"TakingOver"}

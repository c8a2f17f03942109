"""What goes wrong between the operator and Twilio: told once and clearly, waited for, and never in a deletion's way."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from concierge_operator.keep_number import ensure
from concierge_operator.lease import NotLeadingError
from concierge_operator.number_verdict import Rival
from concierge_operator.observe import READY, State
from concierge_operator.twilio_api import TwilioApi
from concierge_simulators.twilio_numbers import Fault, TwilioNumbers
from numbered_house import (
    ACCOUNT,
    NUMBER,
    SECRET,
    TOKEN,
    TOKENS,
    URL,
    NumberedHouse,
    webhooks,
)


async def test_wrong_credentials_are_one_clear_verdict_and_no_second_request_before_their_time(
    twilio: TwilioNumbers, house: NumberedHouse
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


async def test_while_a_token_is_being_changed_the_secret_may_hold_both(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    house.tokens = {SECRET: f"token-to-come,{TOKEN}\n"}
    result = await house.settle()

    assert result.verdict == READY


async def test_a_missing_secret_is_told_and_twilio_is_not_asked(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    house.tokens = {}
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "SecretMissing")
    assert twilio.requests == []


@pytest.mark.parametrize("address", ["http://concierge-chat.seehof", "https://", ""])
async def test_without_a_public_https_address_nothing_is_set(
    twilio: TwilioNumbers, house: NumberedHouse, address: str
) -> None:
    result = await ensure(house.spec, address, house.tokens, (), house.api)

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "NoPublicUrl")
    assert twilio.requests == []


async def test_a_number_that_the_account_lacks_is_told_and_never_bought(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
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
    twilio: TwilioNumbers, house: NumberedHouse, fault: Fault, told: str
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


async def test_twilio_is_not_waited_for_for_long(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    twilio.fail_always(Fault(slow_seconds=30))
    house.api = TwilioApi(twilio.url, timeout_seconds=0.2)
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.reason, "TimeoutError" in result.verdict.message) == ("Away", True)


async def test_twilio_is_left_alone_for_as_long_as_it_asks(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    twilio.fail_always(Fault(429, retry_after="77"))
    await house.event()
    house.now += 76
    too_early = await house.event()
    house.now += 1
    twilio.fail_always(None)

    assert too_early is None
    assert await house.event() is not None


async def test_a_change_whose_answer_got_lost_is_not_taken_for_somebody_elses(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.look()
    twilio.fail_once(Fault(), Fault(500, after_doing=True))
    lost = await house.look()
    found = await house.look()

    assert lost.verdict is not None
    assert lost.verdict.reason == "Away"
    assert (found.verdict, found.changed, found.drift) == (READY, False, ())


async def test_webhooks_that_twilio_does_not_take_are_told_with_its_code(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.look()
    twilio.fail_once(Fault(), Fault(400, body=b'{"code": 21402, "message": "Invalid Url", "status": 400}'))
    result = await house.look()

    assert result.verdict is not None
    assert (result.verdict.state, result.verdict.reason) == (State.FAILED, "WebhooksRefused")
    assert "error 21402" in result.verdict.message


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        ("credentials", "Twilio refuses account and token (error 20003)"),
        ("secret", "its auth token is missing"),
        ("away", "Twilio does not answer (error 20500)"),
        ("slow", "Twilio does not answer (time is up)"),
    ],
)
async def test_a_deletion_is_never_held_up_and_says_what_to_do_by_hand(
    twilio: TwilioNumbers, house: NumberedHouse, trouble: str, cause: str
) -> None:
    await house.settle()
    if trouble == "credentials":
        house.tokens = {SECRET: "token-of-last-year"}
    elif trouble == "secret":
        house.tokens = {}
    else:
        twilio.fail_always(Fault(503) if trouble == "away" else Fault(slow_seconds=30))
    began = time.monotonic()
    gone = await house.delete(seconds=0.3 if trouble == "slow" else 60)

    assert time.monotonic() - began < 10
    assert gone.remembered == ()
    assert gone.verdict is not None
    assert (gone.verdict.state, gone.verdict.reason) == (State.FAILED, "NotRestored")
    assert gone.verdict.message == (
        f"{NUMBER} may still lead to this property, which is gone: {cause}. Set its webhooks in the Twilio console: "
        "calls → https://old.example/call, call status → nothing."
    )


async def test_a_number_that_the_hotel_has_parted_with_holds_nothing_up(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.settle()
    twilio.remove(NUMBER)

    assert (await house.delete()).verdict == READY


async def test_a_tenant_that_never_had_a_number_is_deleted_without_a_word(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    gone = await house.delete()

    assert (gone.verdict, gone.remembered, twilio.requests) == (None, (), [])


async def test_nothing_secret_is_logged(
    twilio: TwilioNumbers, house: NumberedHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await house.settle()
    twilio.fail_once(Fault(500))
    await house.look()

    assert TOKEN not in caplog.text
    assert "twilio" not in {record.name.partition(".")[0] for record in caplog.records}


async def test_many_houses_are_looked_at_at_once_without_leaving_anything_open(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    others = [NumberedHouse(twilio.url) for _ in range(30)]
    results = await asyncio.gather(*(other.look() for other in others))

    assert {result.verdict.reason for result in results if result.verdict} == {"TakingOver"}


async def test_who_leads_no_longer_changes_nothing_at_twilio(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    await house.look()
    asked = len(twilio.requests)

    def lost() -> None:
        raise NotLeadingError("another one leads")

    house.api = TwilioApi(twilio.url, fence=lost)
    with pytest.raises(NotLeadingError):
        await house.look()

    assert len(twilio.requests) == asked + 1, "it was looked for, and not changed"
    assert webhooks(twilio)["voice_url"] == "https://old.example/call"


async def test_a_tenant_that_comes_second_leaves_the_number_to_the_first_and_gives_back_what_it_had_set(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.settle()
    first = Rival("other/other", holds=True, gives_back=False)
    result = await ensure(house.spec, URL, house.tokens, house.status, house.api, elsewhere={(ACCOUNT, NUMBER): first})

    assert result.verdict is not None
    assert (result.verdict.reason, result.remembered) == ("NumberTaken", ())
    assert webhooks(twilio)["voice_url"] == "https://old.example/call"

"""A tenant's Twilio number, through Twilio's real client library, against Twilio played on loopback."""

from __future__ import annotations

from concierge_operator.observe import READY
from concierge_simulators.twilio_numbers import TwilioNumbers
from numbered_house import (
    NUMBER,
    OLD,
    SMS_NUMBER,
    URL,
    NumberedHouse,
    spec,
    webhooks,
)


async def test_calls_are_led_to_the_house_and_back_to_where_they_went_before(
    twilio: TwilioNumbers, house: NumberedHouse
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


async def test_text_messages_have_a_number_of_their_own_or_the_same(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
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


async def test_the_hotels_own_fallback_is_set_and_taken_back_with_the_rest(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    house.spec = spec(voice={"fallbackUrl": "https://handler.example/rings-the-desk"})
    await house.settle()
    during = twilio.number(NUMBER)["voice_fallback_url"]
    await house.delete()

    assert during == "https://handler.example/rings-the-desk"
    assert twilio.number(NUMBER)["voice_fallback_url"] == ""


async def test_a_fallback_that_the_tenant_says_nothing_of_is_left_as_it_is(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    twilio.number(NUMBER)["voice_fallback_url"] = "https://old.example/fallback"
    await house.settle()
    during = twilio.number(NUMBER)["voice_fallback_url"]
    await house.delete()

    assert (during, twilio.number(NUMBER)["voice_fallback_url"]) == ("https://old.example/fallback",) * 2


async def test_an_unchanged_number_costs_one_request_a_resync_and_none_an_event(
    twilio: TwilioNumbers, house: NumberedHouse
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


async def test_an_unchanged_number_leaves_the_status_as_it_is(house: NumberedHouse) -> None:
    await house.settle()
    before = house.status
    result = await house.look()

    assert (result.remembered, result.changed) == (before, False)


async def test_somebody_elses_change_is_undone_and_told(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    await house.settle()
    twilio.number(NUMBER)["voice_url"] = "https://rival.example/call"
    result = await house.look()

    assert [(drift.number, drift.occasion.value) for drift in result.drift] == [(NUMBER, "calls")]
    assert webhooks(twilio)["voice_url"] == f"{URL}/voice/incoming"
    await house.delete()
    assert webhooks(twilio) == OLD, "what was there before the first change, not the rival's"


async def test_only_what_differs_is_sent(twilio: TwilioNumbers, house: NumberedHouse) -> None:
    await house.settle()
    twilio.number(NUMBER)["status_callback_method"] = "GET"
    twilio.requests.clear()
    await house.look()

    assert [asked.fields for asked in twilio.requests if asked.method == "POST"] == [{"StatusCallbackMethod": "POST"}]


async def test_a_trunk_or_an_app_that_answered_calls_answers_them_again(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    twilio.number(NUMBER)["trunk_sid"] = "TK" + "1" * 32
    await house.settle()
    during = webhooks(twilio)
    await house.delete()

    assert "trunk_sid" not in during
    assert webhooks(twilio) == {**OLD, "trunk_sid": "TK" + "1" * 32}


async def test_a_number_that_was_pointed_elsewhere_is_left_alone_on_deletion(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.settle()
    twilio.number(NUMBER)["voice_url"] = "https://next.example/call"
    gone = await house.delete()

    assert gone.verdict == READY
    assert webhooks(twilio) == {**OLD, "voice_url": "https://next.example/call", "voice_method": "POST"}


async def test_calls_that_are_switched_off_go_where_they_went_before(
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.settle()
    house.spec = spec(voice={"enabled": False})
    result = await house.look()

    assert (result.verdict, result.remembered) == (READY, ())
    assert webhooks(twilio) == OLD
    assert (await house.look()).verdict is None, "nothing is left to say"


async def test_a_house_that_is_closed_for_the_season_gives_its_number_back_and_takes_it_again(
    twilio: TwilioNumbers, house: NumberedHouse
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
    twilio: TwilioNumbers, house: NumberedHouse
) -> None:
    await house.look()
    stored = house.status
    await house.look()
    house.status = stored  # it died after the change, before it could store
    await house.look()
    await house.delete()

    assert webhooks(twilio) == OLD

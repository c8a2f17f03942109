"""The TwiML that we answer, read by the strict reader of the simulated Twilio."""

from __future__ import annotations

from concierge_core.tenant.model import ConciergeTenant
from concierge_simulators.twilio_twiml import parse
from concierge_voice.call import begun
from concierge_voice.twiml import Voice, not_served

CALL = begun("CA" + "0" * 32)


def test_a_question_listens_for_speech_and_keys_and_never_falls_through(tenant: ConciergeTenant) -> None:
    (gather,) = parse(Voice(tenant, "en").ask(CALL, "Hello.", "How can I help?").encode())

    assert gather.name == "Gather"
    assert gather.attributes["input"] == "speech dtmf"
    assert gather.attributes["actionOnEmptyResult"] == "true"
    assert gather.attributes["action"] == CALL.gather_url
    assert [verb.text for verb in gather.inside] == ["Hello.", "How can I help?"]


def test_each_language_is_heard_and_spoken_as_itself(tenant: ConciergeTenant) -> None:
    (gather,) = parse(Voice(tenant, "de").ask(CALL, "Guten Tag.").encode())

    assert gather.attributes["language"] == "de-DE"
    assert gather.inside[0].attributes == {"language": "de-DE", "voice": "Polly.Vicki-Neural"}


def test_the_houses_name_is_a_hint_and_is_escaped(tenant: ConciergeTenant) -> None:
    (gather,) = parse(Voice(tenant, "en").ask(CALL, "Welcome to Hotel Seehof & Spa <3").encode())

    assert gather.attributes["hints"] == "Hotel Seehof & Spa"
    assert gather.inside[0].text == "Welcome to Hotel Seehof & Spa <3."


def test_waiting_comes_back_for_the_answer(tenant: ConciergeTenant) -> None:
    say, redirect = parse(Voice(tenant, "en").ask_to_wait(CALL, "One moment.").encode())

    assert (say.name, redirect.name) == ("Say", "Redirect")
    assert redirect.text == CALL.wait_url


def test_the_same_step_is_the_same_bytes(tenant: ConciergeTenant) -> None:
    assert Voice(tenant, "en").ask(CALL, "Hi.") == Voice(tenant, "en").ask(CALL, "Hi.")


def test_a_number_that_is_not_ours_hears_nothing_about_anybody() -> None:
    say, hangup = parse(not_served().encode())

    assert "Seehof" not in say.text
    assert hangup.name == "Hangup"

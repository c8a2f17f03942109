"""Where a call stands between two webhooks."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from concierge_voice.call import (
    MAX_SILENCES,
    MAX_WAITS,
    Call,
    Pressed,
    Silent,
    Spoke,
    after_answer,
    after_silence,
    after_wait,
    begun,
    heard_in,
    resumed,
)

SID = "CA" + "0" * 32


def test_a_call_goes_on_where_its_url_says() -> None:
    call = Call(SID, turn=3, silence=1, wait=2, heard=7)

    assert resumed(SID, dict(parse_qsl(urlsplit(call.gather_url).query))) == call
    assert resumed(SID, dict(parse_qsl(urlsplit(call.wait_url).query))) == call


@pytest.mark.parametrize(
    "query",
    [{"turn": "0"}, {"turn": "x"}, {"silence": "-1"}, {"wait": "99"}, {"heard": "-5"}, {"turn": "100000"}],
)
def test_a_step_that_we_never_gave_out_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        resumed(SID, query)


def test_a_key_counts_more_than_speech() -> None:
    assert heard_in({"Digits": "0", "SpeechResult": "oh"}) == Pressed("0")
    assert heard_in({"SpeechResult": " When is breakfast? "}) == Spoke("When is breakfast?")
    assert heard_in({"SpeechResult": "  ", "Digits": None}) == Silent()
    assert heard_in({}) == Silent()


def test_a_silent_caller_is_asked_twice_and_then_let_go() -> None:
    first = after_silence(begun(SID))
    second = after_silence(first) if first else None

    assert first is not None
    assert second is not None
    assert second.silence == MAX_SILENCES
    assert after_silence(second) is None


def test_an_answer_begins_a_new_turn_and_forgets_silences() -> None:
    call = after_answer(Call(SID, turn=2, silence=1, wait=3, heard=4), 6)

    assert call == Call(SID, turn=3, silence=0, wait=0, heard=6)
    assert after_answer(call, 2).heard == 6


def test_patience_is_asked_for_a_few_times_only() -> None:
    call: Call | None = begun(SID)
    for _ in range(MAX_WAITS):
        assert call is not None
        call = after_wait(call)

    assert call is not None
    assert after_wait(call) is None


def test_every_step_of_a_call_has_its_own_name() -> None:
    steps = [begun(SID), Call(SID, silence=1), Call(SID, wait=1), Call(SID, turn=2)]

    assert len({call.step for call in steps}) == len(steps)
    assert len(begun(SID).client_id) <= 64

"""When a number is looked at again, and what is said of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from concierge_core.tenant.values import SecretRef
from concierge_operator.number_model import Hook, Occasion
from concierge_operator.number_verdict import (
    TAKING_OVER,
    Look,
    NumberResult,
    Reason,
    Trouble,
    due,
    fingerprint,
    looked,
    no_public_url,
    of_trouble,
    worst,
)
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.twilio_number import NumberWebhooks

SECRET = SecretRef(name="twilio", key="auth-token")
AWAY = Verdict(State.PROGRESSING, "Away")


def result(verdict: Verdict | None, *, look_again: bool = False, asked: float = 0.0) -> NumberResult:
    return NumberResult(verdict, (), look_again=look_again, retry_after_seconds=asked)


def after(*results: NumberResult) -> Look:
    last: Look | None = None
    for one in results:
        last = looked(last, one, now=100.0, fingerprint="same")
    assert last is not None
    return last


def test_a_number_never_looked_at_is_due() -> None:
    assert due(None, now=0.0, fingerprint="any")


def test_a_change_of_spec_or_secret_is_due_at_once() -> None:
    assert due(after(result(Verdict(State.FAILED, "CredentialsRefused"))), now=100.0, fingerprint="other")


def test_a_number_that_is_noted_but_not_set_yet_is_due_at_once_whatever_is_wrong_with_another() -> None:
    mixed = after(result(Verdict(State.FAILED, "NumberNotFound"), look_again=True))

    assert due(mixed, now=100.0, fingerprint="same")


def test_refused_credentials_are_not_tried_again_within_half_an_hour() -> None:
    last = after(result(Verdict(State.FAILED, "CredentialsRefused")))

    assert not due(last, now=100.0 + 1799, fingerprint="same")
    assert due(last, now=100.0 + 1800, fingerprint="same")


def test_the_longer_twilio_is_away_the_rarer_it_is_asked() -> None:
    waits = [after(*[result(AWAY)] * times).wait_seconds for times in (1, 2, 3, 50)]

    assert waits == [15.0, 30.0, 60.0, 1800.0]


def test_an_answer_ends_the_back_off() -> None:
    assert after(result(AWAY), result(AWAY), result(READY), result(AWAY)).wait_seconds == 15.0


@given(st.floats(min_value=0, allow_nan=False), st.integers(1, 60))
def test_twilio_is_left_alone_for_as_long_as_it_asks_within_reason(asked: float, times: int) -> None:
    waited = after(*[result(AWAY, asked=asked)] * times).wait_seconds

    assert min(asked, 3600.0) <= waited <= 3600.0


def test_of_several_numbers_the_one_that_needs_somebody_is_told() -> None:
    failed = Verdict(State.FAILED, "NumberNotFound", "There is no such number.")

    assert worst([READY, TAKING_OVER, failed]) == failed
    assert worst([READY, TAKING_OVER]) == TAKING_OVER
    assert worst([]) is None


def test_a_fingerprint_tells_tokens_apart_without_showing_them() -> None:
    wanted = [NumberWebhooks("+49", "AC1", SECRET, {Occasion.CALLS: Hook(url="https://a.example/voice/incoming")})]
    one = fingerprint(wanted, "https://a.example", {SECRET: "one"})

    assert one != fingerprint(wanted, "https://a.example", {SECRET: "two"})
    assert one != fingerprint(wanted, "https://a.example", {})
    assert one == fingerprint(wanted, "https://a.example", {SECRET: "one"})
    assert len(one) == 10


def test_only_a_public_https_address_can_be_called() -> None:
    assert no_public_url("https://seehof.example") is None
    assert all(no_public_url(url) for url in ("", "https://", "http://seehof.example", "seehof.example"))


def test_every_trouble_is_said_in_words_with_a_remedy() -> None:
    said = {
        reason: of_trouble(Trouble(reason, "error 1"), number="+49 30", account_sid="AC1", secret=SECRET)
        for reason in (Reason.AWAY, Reason.CREDENTIALS_REFUSED, Reason.NUMBER_NOT_FOUND, Reason.WEBHOOKS_REFUSED)
    }

    assert said[Reason.AWAY].state is State.PROGRESSING
    assert {verdict.state for reason, verdict in said.items() if reason is not Reason.AWAY} == {State.FAILED}
    assert all("+49 30" in verdict.message and "error 1" in verdict.message for verdict in said.values())

"""Whatever happens to a number in whatever order, it leads to us while it should, and ends as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from concierge_core.tenant.model import TenantSpec
from concierge_core.tenant.values import SecretRef
from concierge_operator.names import Component
from concierge_operator.number_model import Hook, Occasion, VoiceNumber
from concierge_operator.render.context import Context
from concierge_operator.render.routes import backends
from concierge_operator.twilio_number import PATHS, NumberWebhooks, decide, desired, give_back
from concierge_voice.app import router

ACCOUNT, OTHER_ACCOUNT = "AC" + "1" * 32, "AC" + "2" * 32
NUMBER, SMS_NUMBER = "+493839312345", "+493839354321"
SECRET = SecretRef(name="twilio", key="auth-token")
URL = "https://seehof.example"
HOUSE = {
    "code": "seehof",
    "name": "Hotel Seehof",
    "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
    "timezone": "Europe/Berlin",
    "languages": ["en", "de"],
}
TWILIO = {"accountSid": ACCOUNT, "authTokenSecret": {"name": "twilio", "key": "auth-token"}, "number": NUMBER}


def spec(**parts: Any) -> TenantSpec:
    return TenantSpec.model_validate({"property": HOUSE, "host": "seehof.example", **parts})


def nothing() -> dict[Occasion, Hook]:
    return {occasion: Hook() for occasion in Occasion}


def wanted(*occasions: Occasion, url: str = URL) -> NumberWebhooks:
    return NumberWebhooks(NUMBER, ACCOUNT, SECRET, {o: Hook(url=url + PATHS[o]) for o in occasions})


def test_a_number_for_calls_gets_the_address_for_calls_and_for_their_status() -> None:
    (one,) = desired(spec(voice={"enabled": True, "twilio": TWILIO}), URL)

    assert one.key == (ACCOUNT, NUMBER)
    assert {occasion.value: hook.url for occasion, hook in one.hooks.items()} == {
        "calls": "https://seehof.example/voice/incoming",
        "call_status": "https://seehof.example/voice/status",
    }


def test_calls_fall_back_to_an_address_on_another_host_where_the_hotel_has_one() -> None:
    elsewhere = "https://handler.example/rings-the-desk"
    (one,) = desired(spec(voice={"enabled": True, "twilio": TWILIO, "fallbackUrl": elsewhere}), URL)

    assert one.hooks[Occasion.FALLBACK] == Hook(url=elsewhere)


def test_one_number_for_calls_and_text_messages_is_set_up_once_for_both() -> None:
    (one,) = desired(spec(voice={"enabled": True, "twilio": TWILIO}, messaging={"sms": {"enabled": True}}), URL)

    assert set(one.hooks) == {Occasion.CALLS, Occasion.CALL_STATUS, Occasion.MESSAGES}


def test_text_messages_may_have_a_number_and_an_account_of_their_own() -> None:
    messaging = {
        "twilio": {**TWILIO, "accountSid": OTHER_ACCOUNT},
        "sms": {"enabled": True, "number": SMS_NUMBER},
    }
    voice, sms = desired(spec(voice={"enabled": True, "twilio": TWILIO}, messaging=messaging), URL)

    assert (voice.key, sms.key) == ((ACCOUNT, NUMBER), (OTHER_ACCOUNT, SMS_NUMBER))
    assert set(sms.hooks) == {Occasion.MESSAGES}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"voice": {"enabled": False, "twilio": TWILIO}},
        {"messaging": {"twilio": TWILIO, "whatsapp": {"enabled": True}}},
        {"voice": {"enabled": True, "twilio": TWILIO}, "suspend": {"active": True}},
    ],
    ids=["nothing", "voice off", "whatsapp", "closed for the season"],
)
def test_a_house_that_answers_no_calls_and_no_text_messages_needs_no_number(parts: dict[str, Any]) -> None:
    assert desired(spec(**parts), URL) == ()


def test_calls_lead_to_addresses_that_the_voice_app_serves() -> None:
    house: Any = SimpleNamespace(tenant=SimpleNamespace(spec=spec()))
    served = {getattr(route, "path", "") for route in router(house).routes}

    assert {PATHS[Occasion.CALLS], PATHS[Occasion.CALL_STATUS]} <= served


def test_every_address_is_routed_to_the_voice_app() -> None:
    tenant = Context("seehof", "seehof", "uid", spec(voice={"enabled": True, "twilio": TWILIO}), "1.0.0")
    routed = backends(tenant)

    for path in PATHS.values():
        assert next(component for prefix, component in routed if path.startswith(prefix)) is Component.VOICE


def test_the_first_look_notes_what_is_there_and_changes_nothing() -> None:
    before = nothing() | {Occasion.CALLS: Hook(url="https://old.example/call", method="GET")}
    first = decide(before, wanted(Occasion.CALLS), None)

    assert (first.change, first.look_again) == ({}, True)
    assert first.remember is not None
    assert first.remember.before.calls == before[Occasion.CALLS]


def test_a_number_that_already_leads_to_us_is_not_remembered_as_having_led_to_us() -> None:
    ours = wanted(Occasion.CALLS)
    first = decide(nothing() | dict(ours.hooks), ours, None)

    assert first.remember is not None
    assert first.remember.settled
    assert first.remember.before.calls == Hook()


def test_a_fallback_that_the_hotel_had_before_stays_when_the_number_is_given_back() -> None:
    fallback = Hook(url="https://handler.example/rings-the-desk")
    ours = NumberWebhooks(NUMBER, ACCOUNT, SECRET, {Occasion.FALLBACK: fallback})
    noted = decide(nothing() | {Occasion.FALLBACK: fallback}, ours, None).remember

    assert noted is not None
    assert give_back(nothing() | {Occasion.FALLBACK: fallback}, noted).change == {}


def test_a_trunk_that_would_answer_instead_of_us_is_taken_off_and_put_back() -> None:
    trunk = nothing() | {Occasion.CALLS: Hook(trunk_sid="TK" + "1" * 32)}
    remembered = decide(trunk, wanted(Occasion.CALLS), None).remember
    taken = decide(trunk, wanted(Occasion.CALLS), remembered)
    assert taken.remember is not None
    given_back = give_back(trunk | dict(taken.change), taken.remember)

    assert taken.change[Occasion.CALLS].trunk_sid == ""
    assert given_back.change == {Occasion.CALLS: trunk[Occasion.CALLS]}


def test_a_trunk_that_somebody_put_there_meanwhile_stays_when_the_number_is_given_back() -> None:
    remembered = VoiceNumber(
        number=NUMBER,
        account_sid=ACCOUNT,
        secret=SECRET,
        before={"calls": {"url": "https://old.example/call"}},
        ours=[URL + PATHS[Occasion.CALLS]],
        settled=True,
    )
    now = nothing() | {Occasion.CALLS: Hook(url=URL + PATHS[Occasion.CALLS], trunk_sid="TKnew")}

    assert give_back(now, remembered).change == {
        Occasion.CALLS: Hook(url="https://old.example/call", trunk_sid="TKnew")
    }


def test_a_new_address_of_the_house_is_not_taken_for_somebody_elses_change() -> None:
    old, new = wanted(Occasion.CALLS), wanted(Occasion.CALLS, url="https://new.example")
    settled = decide(nothing() | dict(old.hooks), old, None).remember
    noted = decide(nothing() | dict(old.hooks), new, settled)
    moved = decide(nothing() | dict(old.hooks), new, noted.remember)

    assert (noted.look_again, moved.look_again) == (True, False)
    assert moved.change == new.hooks
    assert moved.drift == ()


OCCASIONS = (Occasion.CALLS, Occasion.CALL_STATUS, Occasion.MESSAGES)
FOREIGN = st.builds(
    Hook,
    url=st.sampled_from(["", "https://old.example/a", "https://other.example/b"]),
    method=st.sampled_from(["GET", "POST"]),
    application_sid=st.sampled_from(["", "AP1"]),
)


class NumberLife(RuleBasedStateMachine):
    """One number at Twilio, what the status holds of it, and an operator that may die at any point."""

    def __init__(self) -> None:
        super().__init__()
        self.initial = nothing() | {Occasion.CALLS: Hook(url="https://old.example/a", method="GET")}
        self.twilio = dict(self.initial)
        self.status: VoiceNumber | None = None
        self.channels: frozenset[Occasion] = frozenset()
        self.host = "https://one.example"
        self.touched: set[Occasion] = set()
        """What somebody else has ever changed."""
        self.settled = False
        """All was as it should be; only somebody else has changed anything since."""

    def wanted(self) -> NumberWebhooks | None:
        return wanted(*sorted(self.channels), url=self.host) if self.channels else None

    def look(self, *, dies: bool = False) -> tuple[Occasion, ...]:
        needed = self.wanted()
        if needed is not None:
            decision = decide(self.twilio, needed, self.status)
        elif self.status is not None:
            decision = give_back(self.twilio, self.status)
        else:
            return ()
        self.twilio |= decision.change
        if not dies:
            self.status = decision.remember
        return decision.drift

    @rule(channels=st.frozensets(st.sampled_from(OCCASIONS)), host=st.sampled_from(["https://one.example", URL]))
    def the_spec_changes(self, channels: frozenset[Occasion], host: str) -> None:
        self.channels, self.host, self.settled = channels, host, False

    @rule()
    def the_operator_looks(self) -> None:
        changed = {o for o in self.channels if self.twilio[o] != Hook(url=self.host + PATHS[o])}
        told = set(self.look())
        assert told == changed if self.settled else told <= self.touched

    @rule()
    def the_operator_dies_before_it_can_store(self) -> None:
        self.settled = False
        self.look(dies=True)

    @rule(occasion=st.sampled_from(OCCASIONS), hook=FOREIGN)
    def somebody_else_changes_it(self, occasion: Occasion, hook: Hook) -> None:
        if self.twilio[occasion] != hook:
            self.touched.add(occasion)
            self.twilio[occasion] = hook

    @rule()
    def it_is_left_to_itself(self) -> None:
        """However it stands now, a few looks make it right, and from then on nothing is to be done."""
        for _ in range(3):
            self.look()
        needed = self.wanted()
        if needed is None:
            assert self.status is None
            return
        assert {o: self.twilio[o] for o in needed.hooks} == needed.hooks
        again = decide(self.twilio, needed, self.status)
        assert (again.change, again.drift, again.look_again, again.remember) == ({}, (), False, self.status)
        self.settled = True

    @precondition(lambda self: self.status is not None)
    @rule()
    def the_tenant_is_deleted(self) -> None:
        assert self.status is not None
        elsewhere = {o: hook for o, hook in self.twilio.items() if not _ours(hook)}
        self.twilio |= give_back(self.twilio, self.status).change
        self.status, self.channels, self.settled = None, frozenset(), False
        assert not any(_ours(hook) for hook in self.twilio.values())
        assert {o: self.twilio[o] for o in elsewhere} == elsewhere, "what leads elsewhere is left alone"
        untouched = set(Occasion) - self.touched
        assert {o: self.twilio[o] for o in untouched} == {o: self.initial[o] for o in untouched}

    @invariant()
    def our_own_address_is_never_remembered_as_what_was_there_before(self) -> None:
        if self.status is not None:
            assert not any(_ours(hook) for hook in self.status.before.by_occasion().values())

    @invariant()
    def what_leads_to_us_is_remembered(self) -> None:
        led = {occasion for occasion, hook in self.twilio.items() if _ours(hook)}
        assert led <= set(self.status.before.by_occasion() if self.status else ())


def _ours(hook: Hook) -> bool:
    return hook.url.startswith((URL, "https://one.example"))


NumberLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestNumberLife = NumberLife.TestCase

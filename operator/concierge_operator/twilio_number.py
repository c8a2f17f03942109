"""Which webhooks a tenant's Twilio numbers need, and what to change. Pure; `keep_number` asks and tells Twilio.

A number is set up in two looks: the first only notes what is there (`VoiceNumber`, stored in the tenant's status), the
second changes it. So whatever dies in between, what was there before is known and never mistaken for our own. A change
by somebody else is undone and told. When the number is no longer needed, what still leads to us is put back; what
somebody else has pointed elsewhere meanwhile is left alone. WhatsApp senders have no webhooks here: Twilio keeps them
with the sender.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from concierge_core.tenant.model import TenantSpec, TwilioAccount
from concierge_core.tenant.values import SecretRef
from concierge_operator.number_model import Hook, Hooks, Occasion, VoiceNumber

CurrentHooks = Mapping[Occasion, Hook]
NumberKey = tuple[str, str]
"""Account and number."""

PATHS: Mapping[Occasion, str] = {
    Occasion.CALLS: "/voice/incoming",
    Occasion.CALL_STATUS: "/voice/status",
    Occasion.MESSAGES: "/messaging/incoming",
}
"""Where the voice app answers, below the tenant's public URL. When that can't be reached, nothing below it can: the
fallback is an address of the hotel's own, on another host."""


@dataclass(frozen=True, slots=True)
class NumberWebhooks:
    """What one number's webhooks should be. `hooks` has only the occasions that are the operator's to set."""

    number: str
    account_sid: str
    secret: SecretRef
    hooks: CurrentHooks

    @property
    def key(self) -> NumberKey:
        """What is remembered of it has the same."""
        return (self.account_sid, self.number)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one number, after a look at it."""

    change: CurrentHooks
    """To be set at Twilio now; nothing, if empty."""
    remember: VoiceNumber | None
    """To be remembered once `change` is done (at once, if there is none); None: forget the number."""
    look_again: bool = False
    """What is to be remembered must be stored first; the change comes with the next look."""
    drift: tuple[Occasion, ...] = ()
    """What somebody else has changed since."""


def desired(spec: TenantSpec, public_url: str) -> tuple[NumberWebhooks, ...]:
    """The numbers that calls and text messages come in at. None while the house is closed for the season: nobody would
    answer, so the numbers do what they did before. `public_url` has no trailing slash."""
    if spec.suspend.active:
        return ()
    wanted: dict[NumberKey, NumberWebhooks] = {}
    for account, number, urls in _channels(spec, public_url):
        hooks = {occasion: Hook(url=url) for occasion, url in urls.items()}
        one = NumberWebhooks(number, account.account_sid, account.auth_token_secret, hooks)
        also = wanted.get(one.key)
        wanted[one.key] = replace(also, hooks={**also.hooks, **hooks}) if also else one
    return tuple(wanted.values())


_Channel = tuple[TwilioAccount, str, dict[Occasion, str]]


def _channels(spec: TenantSpec, public_url: str) -> Iterator[_Channel]:
    """What is on, with its account, its number, and what Twilio is to call when."""
    voice, sms = spec.voice, spec.messaging.sms
    if voice.enabled and voice.twilio and voice.twilio.number:
        urls = {occasion: public_url + PATHS[occasion] for occasion in (Occasion.CALLS, Occasion.CALL_STATUS)}
        if voice.fallback_url:
            urls[Occasion.FALLBACK] = voice.fallback_url
        yield voice.twilio, voice.twilio.number, urls
    account = spec.messaging.twilio or voice.twilio
    number = sms.number or (account.number if account else None)
    if sms.enabled and account and number:
        yield account, number, {Occasion.MESSAGES: public_url + PATHS[Occasion.MESSAGES]}


def key_of_remembered(remembered: VoiceNumber) -> NumberKey:
    """As `NumberWebhooks.key`."""
    return (remembered.account_sid, remembered.number)


def secrets_needed(wanted: Sequence[NumberWebhooks], remembered: Sequence[VoiceNumber]) -> frozenset[SecretRef]:
    """Where the auth tokens lie that a look at these numbers needs."""
    return frozenset([*(one.secret for one in wanted), *(one.secret for one in remembered)])


def decide(current: CurrentHooks, wanted: NumberWebhooks, remembered: VoiceNumber | None) -> Decision:
    """What to do about a number that is needed. `current` has every occasion."""
    noted = _noted(current, wanted, remembered)
    change = {occasion: hook for occasion, hook in wanted.hooks.items() if current[occasion] != hook}
    dropped = _given_back(current, noted, keep=wanted.hooks)
    if (change or dropped) and (remembered is None or not _covers(remembered, wanted)):
        return Decision({}, noted, look_again=True)
    drift = tuple(change) if remembered is not None and remembered.settled else ()
    return Decision({**change, **dropped}, _settled(noted, wanted), drift=drift)


def give_back(current: CurrentHooks, remembered: VoiceNumber) -> Decision:
    """What to do about a number that is no longer needed."""
    return Decision(_given_back(current, remembered, keep={}), None)


def _covers(remembered: VoiceNumber, wanted: NumberWebhooks) -> bool:
    """It is known what was there before, and that what we are about to set is ours."""
    known = remembered.before.by_occasion()
    return all(occasion in known and hook.url in remembered.ours for occasion, hook in wanted.hooks.items())


def _noted(current: CurrentHooks, wanted: NumberWebhooks, remembered: VoiceNumber | None) -> VoiceNumber:
    """With what is there now for each occasion of which nothing is known; our own addresses are never noted."""
    known = remembered.before.by_occasion() if remembered else {}
    urls = [hook.url for hook in wanted.hooks.values()]
    ours = [*(remembered.ours if remembered else ()), *urls]
    for occasion in wanted.hooks:
        if occasion not in known:
            found = current[occasion]
            # The fallback is the hotel's own address: it may well have been there before.
            led_here = occasion in PATHS and found.url in ours
            known[occasion] = found.model_copy(update={"url": "", "method": "POST"}) if led_here else found
    return VoiceNumber(
        number=wanted.number,
        account_sid=wanted.account_sid,
        secret=wanted.secret,
        before=_hooks(known),
        ours=list(dict.fromkeys(ours))[-16:],
    )


def _settled(noted: VoiceNumber, wanted: NumberWebhooks) -> VoiceNumber:
    known = {occasion: hook for occasion, hook in noted.before.by_occasion().items() if occasion in wanted.hooks}
    ours = sorted({hook.url for hook in wanted.hooks.values()})
    return noted.model_copy(update={"before": _hooks(known), "ours": ours, "settled": True})


def _given_back(current: CurrentHooks, remembered: VoiceNumber, *, keep: CurrentHooks) -> dict[Occasion, Hook]:
    """What still leads to us, as it was before. A TwiML app or a trunk that somebody has put there since stays."""
    found: dict[Occasion, Hook] = {}
    for occasion, before in remembered.before.by_occasion().items():
        now = current[occasion]
        if occasion in keep or now.url not in remembered.ours:
            continue
        taken = now.application_sid or now.trunk_sid
        found[occasion] = (
            before.model_copy(update={"application_sid": now.application_sid, "trunk_sid": now.trunk_sid})
            if taken
            else before
        )
    return {occasion: hook for occasion, hook in found.items() if hook != current[occasion]}


def _hooks(by_occasion: CurrentHooks) -> Hooks:
    return Hooks(**{occasion.value: hook for occasion, hook in by_occasion.items()})

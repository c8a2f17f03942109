"""What a look at a number came to: one verdict for people and programs, and when the next look is worth it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from concierge_core.tenant.values import SecretRef
from concierge_operator import names
from concierge_operator.number_model import Occasion, VoiceNumber
from concierge_operator.observe import State, Verdict
from concierge_operator.twilio_number import NumberKey, NumberWebhooks

LOOK_AGAIN_SECONDS = 1800.0
"""How long a number that is as it should be is left alone; shorter than the resync, so that each resync looks once."""
_REFUSED_SECONDS = 1800.0
_FIRST_PAUSE_SECONDS = 15.0
_LONGEST_PAUSE_SECONDS = 1800.0
_MOST_ASKED_SECONDS = 3600.0


class Reason(StrEnum):
    """Why a number is not (yet) set up."""

    TAKING_OVER = "TakingOver"
    AWAY = "Away"
    CREDENTIALS_REFUSED = "CredentialsRefused"
    NUMBER_NOT_FOUND = "NumberNotFound"
    NUMBER_TAKEN = "NumberTaken"
    WEBHOOKS_REFUSED = "WebhooksRefused"
    NO_PUBLIC_URL = "NoPublicUrl"
    SECRET_MISSING = "SecretMissing"  # noqa: S105  # a reason, not a secret
    NOT_RESTORED = "NotRestored"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Twilio's answer when it was not what was asked for. `told` is Twilio's code, or the kind of failure: never a
    text that could hold what was sent."""

    reason: Reason
    told: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """A webhook that somebody else had changed, and that is ours again. Twilio does not say who it was."""

    number: str
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class NumberResult:
    """What a look at a tenant's numbers came to."""

    verdict: Verdict | None
    """For the condition VoiceNumberConfigured; None: there is no number to set up."""
    remembered: tuple[VoiceNumber, ...]
    """To be stored in the tenant's status; equal to what was given when nothing is new."""
    changed: bool = False
    """Something was changed at Twilio."""
    look_again: bool = False
    """The next look will change something, once `remembered` is stored."""
    drift: tuple[Drift, ...] = ()
    retry_after_seconds: float = 0.0
    """How long Twilio asked to be left alone."""


TAKING_OVER = Verdict(
    State.PROGRESSING, Reason.TAKING_OVER.value, "What the number does now is noted, then it is set up."
)


def no_public_url(public_url: str) -> Verdict | None:
    """Twilio calls public https addresses only; None when this is one."""
    parts = urlsplit(public_url)
    if parts.scheme == "https" and parts.hostname:
        return None
    return Verdict(
        State.FAILED,
        Reason.NO_PUBLIC_URL.value,
        "Twilio can only call a public https address, and the property has none; set spec.host.",
    )


@dataclass(frozen=True, slots=True)
class Rival:
    """Another tenant that comes first for a number; `key` is namespace/name."""

    key: str
    holds: bool
    gives_back: bool


def taken(number: str, rival: Rival) -> Verdict:
    """The number is another tenant's."""
    if rival.gives_back:
        words = (
            f"{number} is still being given back by the tenant {rival.key}; this one has it as soon as that is done. "
            "If it takes long, the other's conditions say why."
        )
    else:
        why = "leads to" if rival.holds else "is wanted too, and first, by"
        words = (
            f"{number} {why} the tenant {rival.key}, and a number can lead to one tenant only. Give this one a number "
            "of its own, or take it out of the other's spec."
        )
    return Verdict(State.FAILED, Reason.NUMBER_TAKEN.value, words)


def of_trouble(trouble: Trouble, *, number: str, account_sid: str, secret: SecretRef) -> Verdict:
    """In words: what happened, what it means, what to do."""
    told = f" ({trouble.told})" if trouble.told else ""
    if trouble.reason is Reason.CREDENTIALS_REFUSED:
        words = (
            f"Twilio refuses the account {account_sid} with the token in the Secret {secret.name}, key {secret.key}"
            f"{told}; {number} stays as it is. Put the account's current auth token there: a changed Secret is tried "
            "at once, the same one every half hour."
        )
    elif trouble.reason is Reason.SECRET_MISSING:
        words = (
            f"There is no auth token for the Twilio account {account_sid}: the Secret {secret.name} or its key "
            f"{secret.key} is missing or empty. Put the token there; it is used as soon as it is there."
        )
    elif trouble.reason is Reason.NUMBER_NOT_FOUND:
        words = (
            f"The Twilio account {account_sid} has no number {number}{told}. Correct the number or the account; "
            "numbers are never bought here."
        )
    elif trouble.reason is Reason.WEBHOOKS_REFUSED:
        words = (
            f"Twilio did not take the webhooks for {number}{told}. See what the code means in Twilio's documentation."
        )
    else:
        words = f"Twilio does not answer{told}; {number} stays as it is. It is asked again in a while."
    return Verdict(State.PROGRESSING if trouble.reason is Reason.AWAY else State.FAILED, trouble.reason.value, words)


_CAUSES = {
    Reason.CREDENTIALS_REFUSED: "Twilio refuses account and token",
    Reason.SECRET_MISSING: "its auth token is missing",
    Reason.WEBHOOKS_REFUSED: "Twilio did not take what was there before",
}


def not_restored(remembered: VoiceNumber, trouble: Trouble) -> str:
    """A tenant is gone and its number could not be given back: what to set by hand."""
    was = ", ".join(
        f"{occasion.value.replace('_', ' ')} → {hook.url or hook.application_sid or hook.trunk_sid or 'nothing'}"
        for occasion, hook in remembered.before.by_occasion().items()
    )
    cause = _CAUSES.get(trouble.reason, "Twilio does not answer") + (f" ({trouble.told})" if trouble.told else "")
    return (
        f"{remembered.number} may still lead to this property, which is gone: {cause}. "
        f"Set its webhooks in the Twilio console: {was}."
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of several numbers, the one to tell first; None of none."""
    order = (State.FAILED, State.PROGRESSING, State.READY)
    return min(verdicts, key=lambda verdict: order.index(verdict.state), default=None)


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at a tenant's numbers. Kept in memory; `at` is on a monotonic clock."""

    at: float
    fingerprint: str
    wait_seconds: float
    failures: int = 0


def due(last: Look | None, *, now: float, fingerprint: str) -> bool:
    """A look is worth its request: the first one, something it depends on changed, or it was long enough ago."""
    return last is None or last.fingerprint != fingerprint or now - last.at >= last.wait_seconds


def looked(last: Look | None, result: NumberResult, *, now: float, fingerprint: str) -> Look:
    """What to remember of a look. Where Twilio is away, each look comes later than the one before."""
    verdict = result.verdict
    if result.look_again:
        return Look(now, fingerprint, 0.0)
    if verdict is None or verdict.ready:
        return Look(now, fingerprint, LOOK_AGAIN_SECONDS)
    if verdict.reason != Reason.AWAY:
        return Look(now, fingerprint, _REFUSED_SECONDS)
    failures = 1 + (last.failures if last and last.fingerprint == fingerprint else 0)
    pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 30))
    asked = min(result.retry_after_seconds, _MOST_ASKED_SECONDS)
    return Look(now, fingerprint, max(pause, asked), failures)


def fingerprint(
    wanted: Sequence[NumberWebhooks],
    public_url: str,
    tokens: Mapping[SecretRef, str],
    elsewhere: Mapping[NumberKey, Rival] = MappingProxyType({}),
) -> str:
    """Changes when anything does that a look depends on; the tokens are in it as hashes only."""
    numbers = [
        [one.number, one.account_sid, {occasion: hook.model_dump() for occasion, hook in one.hooks.items()}]
        for one in wanted
    ]
    secrets = sorted([ref.name, ref.key, hashlib.sha256(token.encode()).hexdigest()] for ref, token in tokens.items())
    others = sorted([*number, rival.key, rival.holds, rival.gives_back] for number, rival in elsewhere.items())
    return names.fingerprint([numbers, public_url, secrets, others])

"""Keeps a tenant's Twilio numbers leading to it, and gives them back. Decisions are `twilio_number`'s.

Nothing here raises because of what Twilio or a Secret says, so a deletion is never held up by a number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from concierge_core.tenant.model import TenantSpec
from concierge_core.tenant.secrets import several
from concierge_core.tenant.values import SecretRef
from concierge_operator import number_verdict
from concierge_operator.number_model import MOST_NUMBERS, VoiceNumber
from concierge_operator.number_verdict import TAKING_OVER, Drift, NumberResult, Reason, Rival, Trouble
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.twilio_api import Found, TwilioApi
from concierge_operator.twilio_number import (
    Decision,
    NumberKey,
    NumberWebhooks,
    decide,
    desired,
    give_back,
    key_of_remembered,
)

RELEASE_SECONDS = 10.0
"""What giving back a tenant's numbers may take in all."""
DRIFT_AUTHOR = "twilio"
"""Whom drift is counted under: somebody in Twilio's console or through its API; Twilio does not say who."""
_MOST_TOKENS = 3

Tokens = Mapping[SecretRef, str]
"""Content of each Secret's key that was found."""


@dataclass(frozen=True, slots=True)
class _One:
    """What came of one number."""

    verdict: Verdict
    remembered: VoiceNumber | None
    changed: bool = False
    look_again: bool = False
    drift: tuple[Drift, ...] = ()
    trouble: Trouble | None = None


async def ensure(
    spec: TenantSpec,
    public_url: str,
    tokens: Tokens,
    remembered: Sequence[VoiceNumber],
    api: TwilioApi,
    *,
    elsewhere: Mapping[NumberKey, Rival] = MappingProxyType({}),
) -> NumberResult:
    """Make the tenant's numbers lead to it; what is no longer needed is given back. One request a number when nothing
    is to be done. `remembered` must be what the status holds, and what comes back must be stored before the next call.
    `elsewhere`: numbers that are another tenant's; they are left to it.
    """
    wanted = {one.key: one for one in desired(spec, public_url) if one.key not in elsewhere}
    known = {key_of_remembered(one): one for one in remembered}
    unreachable = number_verdict.no_public_url(public_url)
    if wanted and unreachable:
        return NumberResult(unreachable, tuple(remembered))
    ones = [await _look(wanted.get(key), known.get(key), tokens, api) for key in {**wanted, **known}]
    left = [_One(number_verdict.taken(number, rival), None) for (_, number), rival in elsewhere.items()]
    return _together([*ones, *left])


async def release(
    remembered: Sequence[VoiceNumber], tokens: Tokens, api: TwilioApi, *, seconds: float = RELEASE_SECONDS
) -> NumberResult:
    """Give all numbers back before the tenant goes, within `seconds`; what could not be given back is told in the
    verdict and forgotten all the same."""
    ones = await asyncio.gather(*(_release(one, tokens, api, seconds) for one in remembered))
    left = [
        number_verdict.not_restored(known, one.trouble)
        for known, one in zip(remembered, ones, strict=True)
        if one.trouble is not None
    ]
    verdict = Verdict(State.FAILED, Reason.NOT_RESTORED.value, " ".join(left)) if left else READY
    return NumberResult(verdict if ones else None, (), changed=any(one.changed for one in ones))


async def _release(remembered: VoiceNumber, tokens: Tokens, api: TwilioApi, seconds: float) -> _One:
    try:
        async with asyncio.timeout(seconds):
            return await _look(None, remembered, tokens, api)
    except TimeoutError:
        return _stuck(Trouble(Reason.AWAY, "time is up"), None, remembered)


async def _look(wanted: NumberWebhooks | None, remembered: VoiceNumber | None, tokens: Tokens, api: TwilioApi) -> _One:
    one = wanted or remembered
    assert one is not None
    written = several(tokens.get(one.secret, ""))[:_MOST_TOKENS]
    if not written:
        return _stuck(Trouble(Reason.SECRET_MISSING), wanted, remembered)
    token, found = await _find(one, written, api)
    if isinstance(found, Trouble):
        return _stuck(found, wanted, remembered)
    decision = _decided(found, wanted, remembered)
    if not decision.change:
        verdict = TAKING_OVER if decision.look_again else READY
        return _One(verdict, decision.remember, look_again=decision.look_again)
    answer = await api.change(one.account_sid, token, found, decision.change)
    if isinstance(answer, Trouble):
        return _stuck(answer, wanted, remembered)
    drift = tuple(Drift(one.number, occasion) for occasion in decision.drift)
    return _One(READY, decision.remember, changed=True, drift=drift)


async def _find(one: NumberWebhooks | VoiceNumber, written: list[str], api: TwilioApi) -> tuple[str, Found | Trouble]:
    """With the first of the tokens that Twilio takes: while one is being changed, the Secret holds both."""
    for token in written:
        found = await api.find(one.account_sid, token, one.number)
        if not (isinstance(found, Trouble) and found.reason is Reason.CREDENTIALS_REFUSED):
            break
    return token, found


def _decided(found: Found, wanted: NumberWebhooks | None, remembered: VoiceNumber | None) -> Decision:
    if wanted is not None:
        return decide(found.hooks, wanted, remembered)
    assert remembered is not None
    return give_back(found.hooks, remembered)


def _stuck(trouble: Trouble, wanted: NumberWebhooks | None, remembered: VoiceNumber | None) -> _One:
    one = wanted or remembered
    assert one is not None
    if wanted is None and trouble.reason is Reason.NUMBER_NOT_FOUND:
        return _One(READY, None)  # the hotel has parted with the number: there is nothing to give back
    verdict = number_verdict.of_trouble(trouble, number=one.number, account_sid=one.account_sid, secret=one.secret)
    return _One(verdict, remembered, trouble=trouble)


def _together(ones: Sequence[_One]) -> NumberResult:
    asked = [one.trouble.retry_after_seconds or 0.0 for one in ones if one.trouble is not None]
    return NumberResult(
        number_verdict.worst([one.verdict for one in ones]),
        tuple(one.remembered for one in ones if one.remembered is not None)[:MOST_NUMBERS],
        changed=any(one.changed for one in ones),
        look_again=any(one.look_again for one in ones),
        drift=tuple(drift for one in ones for drift in one.drift),
        retry_after_seconds=max(asked, default=0.0),
    )

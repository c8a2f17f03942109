"""Of several tenants that want the same telephone number, which one it leads to. Pure.

A number can lead to one property only; two that undid each other's webhooks would send each other's callers astray. It
stays with the tenant that holds it, until that one has given it back; else the oldest that could have it has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from concierge_operator.known import Document, key_of
from concierge_operator.number_verdict import Reason, Rival, no_public_url
from concierge_operator.observe import Verdict
from concierge_operator.render.context import Context
from concierge_operator.status_model import TenantStatus
from concierge_operator.twilio_number import NumberKey, desired, key_of_remembered


@dataclass(frozen=True, slots=True)
class Claim:
    """One tenant's numbers, each as account and number."""

    key: str
    created: str
    wanted: frozenset[NumberKey]
    held: frozenset[NumberKey]
    """Those that lead to it or are about to, wanted or not. What is being given back is not taken over yet: what was
    there before the tenant came would be lost."""
    stuck: bool
    """It can't be acted on, or Twilio would not let it have a number: whoever could have one comes first."""


_NOT_FOR_IT = frozenset((Reason.CREDENTIALS_REFUSED, Reason.SECRET_MISSING, Reason.NUMBER_NOT_FOUND))


def claim_of(document: Document, ready: Context | Verdict, status: TenantStatus) -> Claim:
    """What this tenant wants: nothing while it can't be acted on, is being deleted, or is closed for the season."""
    told = next((one.reason for one in status.conditions if one.type == "VoiceNumberConfigured"), "")
    return Claim(
        key=key_of(document),
        created=document["metadata"].get("creationTimestamp", ""),
        wanted=_wanted(document, ready),
        held=frozenset(key_of_remembered(one) for one in status.numbers),
        stuck=isinstance(ready, Verdict) or told in _NOT_FOR_IT,
    )


def _wanted(document: Document, ready: Context | Verdict) -> frozenset[NumberKey]:
    if isinstance(ready, Verdict) or "deletionTimestamp" in document["metadata"] or no_public_url(ready.public_url):
        return frozenset()
    return frozenset(one.key for one in desired(ready.spec, ready.public_url))


def led_elsewhere(own: Claim, others: Iterable[Claim]) -> Mapping[NumberKey, Rival]:
    """Each number that is another tenant's → that tenant."""
    everyone = {claim.key: claim for claim in (own, *others)}.values()
    firsts = {number: min(everyone, key=lambda one: _rank(one, number)) for number in own.wanted}
    return {number: _rival(one, number) for number, one in firsts.items() if one.key != own.key}


def _rank(claim: Claim, number: NumberKey) -> tuple[bool, bool, bool, str, str]:
    return (number not in claim.held, number not in claim.wanted, claim.stuck, claim.created, claim.key)


def _rival(claim: Claim, number: NumberKey) -> Rival:
    holds = number in claim.held
    return Rival(claim.key, holds=holds, gives_back=holds and number not in claim.wanted and not claim.stuck)

"""Of several tenants that want the same telephone number, which one it leads to. Pure.

A number can lead to one property only; two that undid each other's webhooks would send each other's callers astray. It
stays with the tenant that it leads to; else the oldest has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from concierge_core.tenant.brand import ConciergeClass
from concierge_core.tenant.model import TenantSpec
from concierge_operator.known import Document, held_numbers, key_of
from concierge_operator.resolve import resolve
from concierge_operator.twilio_number import desired


@dataclass(frozen=True, slots=True)
class Claim:
    """One tenant's wish for numbers, in E.164."""

    key: str
    created: str
    wanted: frozenset[str]
    held: frozenset[str]
    """Those that lead to it, wanted or not: one that is being given back is not taken over yet."""


def claim_of(document: Document, spec: TenantSpec | None) -> Claim:
    """What this tenant wants: nothing while it is being deleted, closed for the season, or its spec can't be right."""
    wanted = desired(spec, "") if spec is not None and "deletionTimestamp" not in document["metadata"] else ()
    return Claim(
        key=key_of(document),
        created=document["metadata"].get("creationTimestamp", ""),
        wanted=frozenset(one.number for one in wanted),
        held=frozenset(held_numbers(document)),
    )


def claim_under(document: Document, brand: Document | None) -> Claim:
    """The same for a tenant of this class whose spec is not resolved yet."""
    try:
        spec = resolve(document, ConciergeClass.model_validate(brand) if brand else None).tenant.spec
    except ValidationError:
        spec = None
    return claim_of(document, spec)


def led_elsewhere(own: Claim, others: Iterable[Claim]) -> Mapping[str, str]:
    """Each number that is another tenant's → that tenant's key."""
    everyone = {claim.key: claim for claim in (own, *others)}.values()
    firsts = {number: min(everyone, key=lambda one: _rank(one, number)).key for number in own.wanted}
    return {number: key for number, key in firsts.items() if key != own.key}


def _rank(claim: Claim, number: str) -> tuple[bool, bool, str, str]:
    return (number not in claim.held, number not in claim.wanted, claim.created, claim.key)

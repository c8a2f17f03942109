"""Who leads: the rules of a `coordination.k8s.io/v1` Lease, pure, and a small memory of our own hold on it.

A holder renews it every few seconds; one that has not renewed for the lease's length, as *we* measured it, may be
followed. Kubernetes has no fencing, so a holder stops writing before its lease can lapse (`renew_deadline`), and what
it writes is harmless when it comes late all the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from concierge_core.errors import ConciergeError
from concierge_operator import moments

Live = Mapping[str, Any]


class NotLeadingError(ConciergeError):
    """Something was about to be written by an operator that does not lead (any more)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds."""

    lease_seconds: float = 10.0
    renew_deadline_seconds: float = 7.0
    retry_seconds: float = 2.0


@dataclass(slots=True)
class Hold:
    """What this process knows of the Lease. All moments are of its own monotonic clock."""

    identity: str
    terms: Terms = field(default_factory=Terms)
    _renewed_at: float | None = None
    _seen: tuple[str, str] | None = None
    _seen_at: float = 0.0

    def leads(self, now: float) -> bool:
        """It may write."""
        return self._renewed_at is not None and now < self._renewed_at + self.terms.renew_deadline_seconds

    def renewed(self, asked_at: float) -> None:
        """The Lease is ours since the moment when we asked for it, which is before the server noted it."""
        self._renewed_at = asked_at

    def lost(self) -> None:
        """Somebody else has it, or it was given back."""
        self._renewed_at = None

    def may_take(self, live: Live | None, now: float) -> bool:
        """Nobody holds it, we do, or its holder has been silent for a lease's length."""
        if live is None:
            return True
        spec = live.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        mark = (holder, str(spec.get("renewTime")))
        if mark != self._seen:
            self._seen, self._seen_at = mark, now
        length = float(spec.get("leaseDurationSeconds") or self.terms.lease_seconds)
        return holder in ("", self.identity) or now >= self._seen_at + length


def lease(name: str, namespace: str, before: Live | None, hold: Hold, now: datetime) -> dict[str, Any]:
    """The Lease as we take or renew it; an existing one keeps its resource version, so that only one can win."""
    spec = dict((before or {}).get("spec") or {})
    moment = moments.written_finely(now)
    if spec.get("holderIdentity") != hold.identity:
        spec |= {"acquireTime": moment, "leaseTransitions": int(spec.get("leaseTransitions") or 0) + bool(before)}
    spec |= {
        "holderIdentity": hold.identity,
        "leaseDurationSeconds": math.ceil(hold.terms.lease_seconds),
        "renewTime": moment,
    }
    metadata = dict(before["metadata"]) if before else {"name": name, "namespace": namespace}
    metadata.pop("managedFields", None)
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def given_back(live: Live) -> dict[str, Any]:
    """The Lease without a holder, so that nobody has to wait for it to lapse."""
    metadata = {name: part for name, part in live["metadata"].items() if name != "managedFields"}
    return {**live, "metadata": metadata, "spec": {**live["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}}

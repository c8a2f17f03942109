"""Circuit breaker of one model: after a row of failures it is left alone for a while, then tried once. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

FAILURES_TO_OPEN = 4
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Its state. `open_until` is on the monotonic clock; `probing_until`: a trial call may take until then."""

    failures: int = 0
    open_until: float | None = None
    pause_seconds: float = FIRST_PAUSE_SECONDS
    probing_until: float | None = None

    def allows(self, now: float) -> bool:
        """A call may be made now."""
        if self.open_until is None:
            return True
        return now >= self.open_until and (self.probing_until is None or now >= self.probing_until)

    def started(self, now: float, *, at_most: float) -> Breaker:
        """A call begins; while half open it is the only one, for `at_most` seconds."""
        return self if self.open_until is None else replace(self, probing_until=now + at_most)

    def succeeded(self) -> Breaker:
        """Closed, all forgotten."""
        return Breaker()

    def failed(self, now: float) -> Breaker:
        """One more failure: enough of them open it, a failed trial opens it for twice as long."""
        if self.open_until is not None:
            pause = min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            return replace(self, open_until=now + pause, pause_seconds=pause, probing_until=None)
        failures = self.failures + 1
        opened = now + self.pause_seconds if failures >= FAILURES_TO_OPEN else None
        return replace(self, failures=failures, open_until=opened)

    def released(self) -> Breaker:
        """A call ended without telling anything (the guest left): a trial's place is free again."""
        return replace(self, probing_until=None)


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Second tries, as a share of first ones, so that a bad hour at the model's is not made worse by us."""

    tokens: float = 3.0
    most: float = 10.0
    per_call: float = 0.2

    def called(self) -> RetryBudget:
        """A first try was made."""
        return replace(self, tokens=min(self.most, self.tokens + self.per_call))

    def spent(self) -> RetryBudget | None:
        """The budget after a second try; None when there is none left."""
        return replace(self, tokens=self.tokens - 1) if self.tokens >= 1 else None

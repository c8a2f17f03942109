"""How long somebody who guesses has to wait. Pure: failures and a time in, seconds out.

Slowing down beats locking out: a lock-out lets anybody keep the night porter from signing in. So what an account as a
whole can suffer is capped at a minute, and only the address that fails is held for longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """After `free` failures within `window_seconds`, each further one doubles the wait from `first_wait_seconds`."""

    free: int
    first_wait_seconds: float
    longest_wait_seconds: float
    window_seconds: float


PER_ACCOUNT_AND_ADDRESS = Rule(free=5, first_wait_seconds=5, longest_wait_seconds=900, window_seconds=3_600)
PER_ACCOUNT = Rule(free=20, first_wait_seconds=5, longest_wait_seconds=60, window_seconds=3_600)
# A hotel's staff often share one address, so an address may fail more often than a person.
PER_ADDRESS = Rule(free=40, first_wait_seconds=10, longest_wait_seconds=900, window_seconds=3_600)


def wait_seconds(rule: Rule, failures: Sequence[float], now: float) -> float:
    """Seconds until the next try is allowed (0: now). `failures` and `now` are times of one clock, in seconds."""
    recent = [at for at in failures if now - rule.window_seconds < at <= now]
    excess = len(recent) - rule.free
    if excess < 0:
        return 0.0
    wait = min(rule.longest_wait_seconds, rule.first_wait_seconds * 2.0 ** min(excess, 30))
    return max(0.0, max(recent) + wait - now)


def kept(rule: Rule, failures: Sequence[float], now: float) -> list[float]:
    """The failures that still count, newest last, as many as can matter."""
    recent = sorted(at for at in failures if now - rule.window_seconds < at <= now)
    return recent[-most_kept(rule) :]


def most_kept(rule: Rule) -> int:
    """How many failures can matter at most: beyond it the wait no longer grows."""
    return rule.free + 32

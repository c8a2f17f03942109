"""How a class's version reaches its tenants: canary, waves, so many at once, and a stop at the first that fails.

Pure and level-based: `decide` looks at all tenants and at how far the class was, and says what to do now. One that was
Ready with the version and is not any more is waited for, and stops the rollout like any other. Once all had arrived,
what befalls one of them is not the rollout's any more. Rolling back is naming the earlier version: the same steps, in
which those who never changed count as done.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from concierge_core.tenant.brand import Rollout


class Verdict(StrEnum):
    """Where the rollout is."""

    COMPLETE = "Complete"
    PROGRESSING = "Progressing"
    SOAKING = "Soaking"
    """A wave is Ready; the next begins after the pause."""
    PAUSED = "Paused"
    STOPPED = "Stopped"
    """A tenant did not become Ready in time; nobody else changes."""


@dataclass(frozen=True, slots=True)
class Member:
    """A tenant that follows the class's version. `name` is namespace/name."""

    name: str
    labels: Mapping[str, str]
    assigned: str | None
    assigned_at: datetime | None
    ready: bool
    """Ready, of its newest generation, with the version that is rolled out."""
    arrived: bool = False
    """It was Ready with that version once."""
    unready_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the class's status remembers between two looks."""

    version: str | None = None
    wave: int = 0
    wave_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and what to remember."""

    verdict: Verdict
    progress: Progress
    assign: tuple[str, ...] = ()
    """Tenants that get the version now."""
    stopped_by: str | None = None
    look_again_at: datetime | None = None
    """When time alone changes the decision."""


def decide(members: Sequence[Member], policy: Rollout, version: str, was: Progress, now: datetime) -> Decision:
    """The next step of bringing `version` to the members. Other members' steps are never undone."""
    progress = was if was.version == version else Progress(version)
    order = sorted(members, key=lambda m: (not _is_canary(m, policy), _spread(m.name)))
    while True:
        wave = order[: _reach(order, policy, progress.wave)]
        if progress.wave >= len(policy.waves) and all(m.assigned == version and m.arrived for m in order):
            return Decision(Verdict.COMPLETE, progress)
        changing = [m for m in order if m.assigned == version and not m.ready]
        late = [m for m in changing if _deadline(m, policy) <= now]
        if late:
            return Decision(Verdict.STOPPED, progress, stopped_by=min(m.name for m in late))
        if any(m.assigned != version or not m.ready for m in wave):
            return _advance(wave, changing, policy, version, Progress(version, progress.wave))
        since = progress.wave_since or now
        over = since + timedelta(seconds=policy.soak_seconds)
        if wave and now < over:
            return Decision(Verdict.SOAKING, Progress(version, progress.wave, since), look_again_at=over)
        progress = Progress(version, progress.wave + 1)


def _advance(
    wave: Sequence[Member], changing: Sequence[Member], policy: Rollout, version: str, progress: Progress
) -> Decision:
    deadlines = [_deadline(m, policy) for m in changing]
    again = min(deadlines, default=None)
    if policy.paused:
        return Decision(Verdict.PAUSED, progress, look_again_at=again)
    fell = any(m.arrived for m in changing)  # who knows whether the version is to blame
    room = 0 if fell else max(0, policy.max_concurrent - len(changing))
    waiting = [m.name for m in wave if m.assigned != version]
    return Decision(Verdict.PROGRESSING, progress, tuple(waiting[:room]), look_again_at=again)


def _reach(order: Sequence[Member], policy: Rollout, wave: int) -> int:
    """How many of the ordered members may have the version in this wave; wave 0 is the canary's."""
    canaries = sum(_is_canary(m, policy) for m in order)
    if wave == 0:
        return canaries
    return max(canaries, math.ceil(len(order) * policy.waves[wave - 1] / 100))


def _deadline(member: Member, policy: Rollout) -> datetime:
    """When it must be Ready, or Ready again. Without a moment of its own nothing is stored yet: it has all its time."""
    fell_at = member.unready_since if member.arrived else member.assigned_at
    if member.assigned_at is None or fell_at is None:
        return datetime.max.replace(tzinfo=UTC)
    return max(member.assigned_at, fell_at) + timedelta(seconds=policy.ready_within_seconds)


def _is_canary(member: Member, policy: Rollout) -> bool:
    return policy.canary is not None and policy.canary.match_labels.items() <= member.labels.items()


def _spread(name: str) -> str:
    """An order that mixes regions and sizes, and is the same at every look."""
    return hashlib.sha256(name.encode()).hexdigest()

"""A turn: all messages of the guest that wait for an answer, and the one reply they are owed.

States: `owed` → `running` → `done`. A guest who writes again before anything was shown supersedes the turn: a new one
covers the old messages and the new one (`superseded`). A turn whose conversation staff took over, or that was closed,
is `cancelled`. A running turn is leased to one process; when the lease lapses another process claims it with
`attempt + 1`, and whatever the first still says is refused: every visible step carries the attempt it belongs to.

Pure. Leases compare wall clocks, so a clock that jumped backwards is recognised: a lease can never lie further ahead
than twice its own length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from concierge_core.domain.ids import ConversationId, TurnId


class TurnState(StrEnum):
    """Where a turn stands."""

    OWED = "owed"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """A reply is still owed."""
        return self in (TurnState.OWED, TurnState.RUNNING)


@dataclass(frozen=True, slots=True)
class Turn:
    """Messages `first_seq..last_seq` of the conversation (the guest's among them) and the reply they are owed.

    `traceparent` is the W3C trace context of the message that opened the turn, so that an attempt in another process
    continues the same trace.
    """

    id: TurnId
    conversation_id: ConversationId
    first_seq: int
    last_seq: int
    state: TurnState
    created_at: datetime
    attempt: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    shown_at: datetime | None = None
    finished_at: datetime | None = None
    traceparent: str | None = None


MAX_ATTEMPTS = 3
"""After so many attempts died the guest is told and handed off, instead of a fourth try at the same fault."""


def supersede(open_turn: Turn, now: datetime) -> Turn | None:
    """The turn, ended in favour of a new one, if nothing of it was shown yet; otherwise None: it goes on."""
    if open_turn.shown_at is not None or not open_turn.state.is_open:
        return None
    return replace(open_turn, state=TurnState.SUPERSEDED, finished_at=now, holder=None, lease_until=None)


def is_claimable(turn: Turn, now: datetime, lease: timedelta) -> bool:
    """Owed, or running under a lease that has lapsed (or lies impossibly far ahead: the clock was set back)."""
    if turn.state is TurnState.OWED:
        return True
    if turn.state is not TurnState.RUNNING or turn.lease_until is None:
        return turn.state is TurnState.RUNNING
    return turn.lease_until <= now or turn.lease_until > now + 2 * lease


def claim(turn: Turn, holder: str, now: datetime, lease: timedelta) -> Turn | None:
    """The turn, leased to `holder` for a new attempt; None when somebody else holds it or it is over."""
    if not is_claimable(turn, now, lease):
        return None
    return replace(
        turn, state=TurnState.RUNNING, attempt=turn.attempt + 1, holder=holder, lease_until=now + lease, shown_at=None
    )


def is_current(turn: Turn, attempt: int) -> bool:
    """This attempt may still show and commit."""
    return turn.state is TurnState.RUNNING and turn.attempt == attempt


def finish(turn: Turn, now: datetime) -> Turn:
    """The reply is stored."""
    return replace(turn, state=TurnState.DONE, finished_at=now, holder=None, lease_until=None)


def cancel(turn: Turn, now: datetime) -> Turn:
    """Nobody waits for the concierge any more: staff own, or the conversation is closed."""
    return replace(turn, state=TurnState.CANCELLED, finished_at=now, holder=None, lease_until=None)

"""What a guest's message brings about: its place in the conversation, and the reply that is owed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from concierge_core.domain.conversation import Conversation, Ownership, reopened, with_next_seq
from concierge_core.domain.ids import TurnId
from concierge_core.domain.turns import Turn, TurnState, claim, supersede


@dataclass(frozen=True, slots=True)
class Posting:
    """The conversation with its new `last_seq` (the message's), turns that ended unseen, and the turn now owed."""

    conversation: Conversation
    superseded: Turn | None
    owed: Turn | None


def post(
    conversation: Conversation,
    open_turns: Sequence[Turn],
    *,
    turn_id: TurnId,
    holder: str,
    lease: timedelta,
    now: datetime,
    traceparent: str | None = None,
) -> Posting:
    """Decide on a new message of the guest. `open_turns` are oldest first; `turn_id` is used if a turn is owed.

    While staff own, no reply of the concierge is owed. Otherwise the newest open turn is superseded if nothing of it
    was shown. The owed turn starts at once, leased to `holder`, unless an earlier one is still being spoken.
    """
    conversation = with_next_seq(reopened(conversation, now), now)
    if conversation.ownership is Ownership.STAFF:
        return Posting(conversation, None, None)
    newest = open_turns[-1] if open_turns else None
    superseded = supersede(newest, now) if newest else None
    first_seq = newest.first_seq if newest and superseded else conversation.last_seq
    owed = Turn(
        id=turn_id,
        conversation_id=conversation.id,
        first_seq=first_seq,
        last_seq=conversation.last_seq,
        state=TurnState.OWED,
        created_at=newest.created_at if newest and superseded else now,
        traceparent=traceparent,
    )
    still_open = [t for t in open_turns if superseded is None or t.id != superseded.id]
    if not still_open:
        owed = claim(owed, holder, now, lease) or owed
    return Posting(conversation, superseded, owed)


def next_to_claim(open_turns: Sequence[Turn], turn: Turn) -> bool:
    """Turns of a conversation are answered in order: this one is the oldest that is open."""
    return bool(open_turns) and open_turns[0].id == turn.id


def ended(turns: Sequence[Turn], state: TurnState, now: datetime) -> list[Turn]:
    """All these turns, ended alike (staff took over, the conversation was closed)."""
    return [replace(t, state=state, finished_at=now, holder=None, lease_until=None) for t in turns if t.state.is_open]

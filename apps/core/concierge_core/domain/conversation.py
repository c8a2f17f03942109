"""A conversation and the rules of who may speak in it.

Ownership is explicit and always one of three: the concierge answers, staff answer, or it is closed. A conversation
that staff own without anybody named is a hand-off that waits for acceptance (`waiting_since`, `accept_by`).
All functions here are pure: they return the new conversation, or raise `Conflict`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from concierge_core.domain.ids import ConversationId, GuestId, MessageId, StaffId, TurnId
from concierge_core.domain.understanding import Provenance, Rung, Sentiment, Understanding
from concierge_core.errors import Conflict


class Author(StrEnum):
    """The three who speak."""

    GUEST = "guest"
    CONCIERGE = "concierge"
    STAFF = "staff"


class Channel(StrEnum):
    """How the guest reaches us."""

    WEB = "web"
    VOICE = "voice"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class Ownership(StrEnum):
    """Who answers the guest now."""

    CONCIERGE = "concierge"
    STAFF = "staff"
    CLOSED = "closed"


class Status(StrEnum):
    """The seed's `status` column; derived from ownership and whether a person accepted."""

    OPEN = "open"
    WAITING = "waiting"
    WITH_STAFF = "with_staff"
    CLOSED = "closed"


class Priority(StrEnum):
    """Order in the inbox."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


def most_pressing(*priorities: Priority) -> Priority:
    """The one that goes first."""
    return max(priorities, key=list(Priority).index)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread of one guest on one channel.

    `last_seq` is the sequence number of the newest message (0: none yet); numbers are gapless from 1.
    `context_from_seq` is the first message that the concierge still takes into account (a hand-back starts afresh).
    """

    id: ConversationId
    guest_id: GuestId
    channel: Channel
    ownership: Ownership
    created_at: datetime
    updated_at: datetime
    last_seq: int = 0
    context_from_seq: int = 1
    language: str = "en"
    priority: Priority = Priority.NORMAL
    category: str | None = None
    sentiment: Sentiment | None = None
    staff_id: StaffId | None = None
    waiting_since: datetime | None = None
    accept_by: datetime | None = None
    handoff_reason: str | None = None
    guest_read_seq: int = 0
    staff_read_seq: int = 0
    rating: int | None = None

    @property
    def status(self) -> Status:
        """The seed's status, derived."""
        if self.ownership is Ownership.CLOSED:
            return Status.CLOSED
        if self.ownership is Ownership.CONCIERGE:
            return Status.OPEN
        return Status.WITH_STAFF if self.staff_id else Status.WAITING

    @property
    def awaits_acceptance(self) -> bool:
        """A hand-off that no person has accepted yet."""
        return self.status is Status.WAITING


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `client_id` is the guest's own idempotency key; `turn_id` names the turn that a reply answers."""

    id: MessageId
    conversation_id: ConversationId
    seq: int
    author: Author
    text: str
    created_at: datetime
    client_id: str | None = None
    turn_id: TurnId | None = None
    staff_id: StaffId | None = None
    staff_name: str | None = None
    understanding: Understanding | None = None
    provenance: Provenance | None = None

    @property
    def is_notice(self) -> bool:
        """One of our fixed texts that answers nothing: news of a hand-off or of a request."""
        return self.provenance is not None and self.provenance.rung is Rung.NOTICE and self.turn_id is None


def with_next_seq(conversation: Conversation, now: datetime) -> Conversation:
    """Take the next sequence number: the caller stores a message with the returned `last_seq`."""
    return replace(conversation, last_seq=conversation.last_seq + 1, updated_at=now)


def reopened(conversation: Conversation, now: datetime) -> Conversation:
    """A guest who writes to a closed conversation starts afresh with the concierge."""
    if conversation.ownership is not Ownership.CLOSED:
        return conversation
    return _owned_by_concierge(conversation, now)


def handed_off(conversation: Conversation, *, reason: str, accept_by: datetime, now: datetime) -> Conversation:
    """Pass the conversation to staff, waiting for a person to accept it until `accept_by`.

    A conversation that staff already own stays as it is.
    """
    if conversation.ownership is Ownership.STAFF:
        return conversation
    return replace(
        conversation,
        ownership=Ownership.STAFF,
        staff_id=None,
        waiting_since=now,
        accept_by=accept_by,
        handoff_reason=reason,
        updated_at=now,
    )


def taken_over(conversation: Conversation, staff_id: StaffId, now: datetime) -> Conversation:
    """A member of staff becomes the one owner. Raises `Conflict` when a colleague already is."""
    if conversation.staff_id not in (None, staff_id):
        raise Conflict("a colleague has already taken this conversation over")
    return replace(
        conversation, ownership=Ownership.STAFF, staff_id=staff_id, waiting_since=None, accept_by=None, updated_at=now
    )


def handed_back(conversation: Conversation, staff_id: StaffId, now: datetime) -> Conversation:
    """Give the conversation back to the concierge, with fresh context. Only its owner may."""
    _require_owner(conversation, staff_id)
    return _owned_by_concierge(conversation, now)


def closed(conversation: Conversation, staff_id: StaffId, now: datetime) -> Conversation:
    """End the conversation; a later message of the guest reopens it. `Conflict` when a colleague has it."""
    if conversation.staff_id not in (None, staff_id):
        raise Conflict("a colleague has this conversation")
    return replace(
        conversation, ownership=Ownership.CLOSED, staff_id=None, waiting_since=None, accept_by=None, updated_at=now
    )


def handoff_expired(conversation: Conversation, now: datetime) -> Conversation | None:
    """The concierge takes a hand-off back that nobody accepted in time; None while there is still time.

    A clock that was set back to before the waiting began ends it, too. An emergency is never taken back: it waits for a
    person for as long as it takes, only its time to accept is over.
    """
    if not conversation.awaits_acceptance or conversation.accept_by is None:
        return None
    clock_was_set_back = conversation.waiting_since is not None and now < conversation.waiting_since
    if now < conversation.accept_by and not clock_was_set_back:
        return None
    if conversation.priority is Priority.URGENT:
        return replace(conversation, accept_by=None, updated_at=now)
    # Context is kept: the guest never left, and repeating the question would feel like a machine.
    return replace(conversation, ownership=Ownership.CONCIERGE, waiting_since=None, accept_by=None, updated_at=now)


def may_reply_as_staff(conversation: Conversation, staff_id: StaffId, last_seen_seq: int) -> None:
    """Raise `Conflict` unless this person owns the conversation and has seen its last message."""
    _require_owner(conversation, staff_id)
    if last_seen_seq < conversation.last_seq:
        raise Conflict("the conversation has a newer message")


def _require_owner(conversation: Conversation, staff_id: StaffId) -> None:
    if conversation.ownership is not Ownership.STAFF or conversation.staff_id != staff_id:
        raise Conflict("this conversation is not yours at the moment")


def _owned_by_concierge(conversation: Conversation, now: datetime) -> Conversation:
    return replace(
        conversation,
        ownership=Ownership.CONCIERGE,
        staff_id=None,
        waiting_since=None,
        accept_by=None,
        handoff_reason=None,
        context_from_seq=conversation.last_seq + 1,
        updated_at=now,
    )

"""What happened, told to sockets, dashboards and background work.

Events carry ids and sequence numbers; whoever is woken reads the database, which is the truth. The exceptions are the
passing ones (`ReplyDelta`, `TypingChanged`), which are never stored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from concierge_core.domain.ids import ConversationId, RequestId, TurnId


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """Message `seq` of the conversation is stored. `author` is an `Author` value.

    `traceparent` continues the trace of the guest's message up to the delivery of its reply.
    """

    kind: ClassVar[str] = "message_posted"
    conversation_id: ConversationId
    seq: int
    author: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The concierge has begun to think."""

    kind: ClassVar[str] = "turn_started"
    conversation_id: ConversationId
    turn_id: TurnId
    attempt: int


@dataclass(frozen=True, slots=True)
class ReplyDelta:
    """Checked sentence number `index` (from 0) of this attempt's reply. Passing: never stored."""

    kind: ClassVar[str] = "reply_delta"
    conversation_id: ConversationId
    turn_id: TurnId
    attempt: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyWithdrawn:
    """What this turn has shown up to and with this attempt is withdrawn (attempt died, model failed, staff took over).

    A later attempt may be speaking already: what that one shows stays.
    """

    kind: ClassVar[str] = "reply_withdrawn"
    conversation_id: ConversationId
    turn_id: TurnId
    attempt: int


@dataclass(frozen=True, slots=True)
class OwnershipChanged:
    """Ownership, its holder or its waiting state changed; read the conversation."""

    kind: ClassVar[str] = "ownership_changed"
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """Anything else a dashboard shows of a conversation changed: read marks, rating, guest's details, priority."""

    kind: ClassVar[str] = "conversation_changed"
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class RequestChanged:
    """A service request was made or moved on."""

    kind: ClassVar[str] = "request_changed"
    request_id: RequestId
    conversation_id: ConversationId | None


@dataclass(frozen=True, slots=True)
class KnowledgeChanged:
    """Articles changed: indexes are to be rebuilt."""

    kind: ClassVar[str] = "knowledge_changed"


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Staff overrode a setting or dropped an override: every process reads them again."""

    kind: ClassVar[str] = "settings_changed"


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """Somebody is (or stopped) typing. Passing: never stored."""

    kind: ClassVar[str] = "typing_changed"
    conversation_id: ConversationId
    author: str
    active: bool


@dataclass(frozen=True, slots=True)
class OutboxAdvanced:
    """The relay gave stored events positions up to this one: dashboards read on from the last they showed."""

    kind: ClassVar[str] = "outbox_advanced"
    position: int


Event = (
    MessagePosted
    | TurnStarted
    | ReplyDelta
    | ReplyWithdrawn
    | OwnershipChanged
    | ConversationChanged
    | RequestChanged
    | KnowledgeChanged
    | SettingsChanged
    | TypingChanged
    | OutboxAdvanced
)

_BY_KIND: dict[str, Any] = {c.kind: c for c in Event.__args__}


def to_json(event: Event) -> dict[str, Any]:
    """A flat JSON object with `kind`."""
    return {"kind": event.kind, **asdict(event)}


def from_json(data: dict[str, Any]) -> Event:
    """The inverse of `to_json`; KeyError or TypeError on anything else (peers are our own processes)."""
    fields = dict(data)
    event: Event = _BY_KIND[fields.pop("kind")](**fields)
    return event


def conversation_of(event: Event) -> ConversationId | None:
    """The conversation an event is about, if any."""
    return getattr(event, "conversation_id", None)

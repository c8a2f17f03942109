"""Telling what happened: into the outbox within the transaction, to subscribers after it."""

from __future__ import annotations

from collections.abc import Sequence

from concierge_core import metrics
from concierge_core.domain.conversation import Author, Channel, Conversation, Message
from concierge_core.domain.events import Event, MessagePosted
from concierge_core.domain.ids import MessageId, StaffId, TurnId, new_id
from concierge_core.domain.people import Staff
from concierge_core.domain.understanding import Provenance, Rung
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.telemetry import current_traceparent


async def store_message(
    rt: Runtime,
    unit: Unit,
    conversation: Conversation,
    *,
    author: Author,
    text: str,
    client_id: str | None = None,
    turn_id: TurnId | None = None,
    staff: Staff | None = None,
    provenance: Provenance | None = None,
) -> tuple[Message, MessagePosted]:
    """Store a message at the conversation's `last_seq` (already taken by the caller) and its event in the outbox."""
    now = rt.clock.now()
    message = Message(
        id=MessageId(new_id(now)),
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        author=author,
        text=text,
        created_at=now,
        client_id=client_id,
        turn_id=turn_id,
        staff_id=StaffId(staff.id) if staff else None,
        staff_name=staff.name if staff else None,
        provenance=provenance,
    )
    await unit.conversations.add_message(rt.tenant_id, message)
    event = MessagePosted(conversation.id, message.seq, author.value, current_traceparent())
    await unit.outbox.add(rt.tenant_id, event)
    return message, event


def notice() -> Provenance:
    """The provenance of our fixed texts."""
    return Provenance(rung=Rung.NOTICE)


async def publish(rt: Runtime, events: Sequence[Event]) -> None:
    """Tell subscribers, after the commit, and wake the relay."""
    for event in events:
        await rt.broadcast.publish(rt.tenant_id, event)
    rt.turns.wake_relay()


def count_message(author: Author, channel: Channel) -> None:
    """Count a stored message."""
    metrics.MESSAGES.labels(author.value, channel.value).inc()

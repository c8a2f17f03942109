"""Passing a conversation to staff, and what happens when nobody comes.

A hand-off while the desk is open waits for a person until `accept_by`. Nobody in time, or the desk closed: the guest is
told so honestly, the wish becomes a service request, and the concierge is there again meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from concierge_core import metrics
from concierge_core.domain.conversation import (
    Author,
    Conversation,
    Priority,
    handed_off,
    handoff_expired,
    with_next_seq,
)
from concierge_core.domain.events import Event, OwnershipChanged, ReplyWithdrawn, RequestChanged
from concierge_core.domain.handoff import DeskClosed, PersonSoon, promise
from concierge_core.domain.ids import ConversationId, RequestId, new_id
from concierge_core.domain.posting import ended
from concierge_core.domain.requests import ServiceRequest
from concierge_core.domain.turns import TurnState
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.texts import text
from concierge_core.use_cases.telling import notice, publish, store_message
from concierge_core.work.names import NOTIFY_HANDOFF, NOTIFY_HANDOFF_EXPIRED, NOTIFY_REQUEST


async def hand_off_in_unit(
    rt: Runtime,
    unit: Unit,
    conversation: Conversation,
    *,
    reason: str,
    say_so: bool,
    department: str | None = None,
    urgent: bool = False,
) -> tuple[Conversation, list[Event]]:
    """Hand a locked conversation to staff within the caller's transaction; the caller publishes the events.

    `say_so`: the guest is told by a fixed text (False when a reply has just told them). Open turns end here: nobody
    waits for the concierge any more.
    """
    events = await end_turns(rt, unit, conversation)
    metrics.HANDOFFS.labels(reason).inc()
    await unit.audit.add(
        rt.tenant_id,
        actor="concierge",
        action="handoff",
        subject=conversation.id,
        details={"channel": conversation.channel.value, "reason": reason},
        now=rt.clock.now(),
    )
    if urgent:
        conversation = replace(conversation, priority=Priority.URGENT)
    promised = _promise(rt)
    if isinstance(promised, DeskClosed) and not urgent:
        conversation, more = await _desk_is_closed(rt, unit, conversation, promised, reason, department)
        return conversation, events + more
    now = rt.clock.now()
    accept_by = promised.accept_by if isinstance(promised, PersonSoon) else _emergency_accept_by(rt)
    conversation = handed_off(conversation, reason=reason, accept_by=accept_by, now=now)
    if say_so:
        conversation, event = await say(rt, unit, conversation, "handoff_waiting")
        events.append(event)
    await unit.conversations.save(rt.tenant_id, conversation)
    changed = OwnershipChanged(conversation.id)
    await unit.outbox.add(rt.tenant_id, changed)
    await unit.outbox.add_task(rt.tenant_id, NOTIFY_HANDOFF, {"conversation_id": conversation.id, "reason": reason})
    return conversation, [*events, changed]


async def end_turns(rt: Runtime, unit: Unit, conversation: Conversation) -> list[Event]:
    """Cancel the conversation's open turns; what they showed is withdrawn."""
    open_turns = await unit.turns.open_of(rt.tenant_id, conversation.id)
    for turn in ended(open_turns, TurnState.CANCELLED, rt.clock.now()):
        await unit.turns.save(rt.tenant_id, turn)
    return [ReplyWithdrawn(conversation.id, turn.id) for turn in open_turns]


async def say(
    rt: Runtime, unit: Unit, conversation: Conversation, key: str, **values: object
) -> tuple[Conversation, Event]:
    """Add one of our fixed texts as a message of the concierge. The caller saves the conversation."""
    conversation = with_next_seq(conversation, rt.clock.now())
    words = text(key, conversation.language, **values)
    _, event = await store_message(rt, unit, conversation, author=Author.CONCIERGE, text=words, provenance=notice())
    return conversation, event


async def expire_handoff(rt: Runtime, conversation_id: ConversationId) -> bool:
    """Nobody accepted in time: tell the guest, make a request, let the concierge answer again. False: not (yet) so."""
    async with rt.store.write() as unit:
        conversation = await unit.conversations.lock(rt.tenant_id, conversation_id)
        expired = handoff_expired(conversation, rt.clock.now()) if conversation else None
        if expired is None:
            return False
        request, told = await make_request_in_unit(rt, unit, expired, reason=expired.handoff_reason or "handoff")
        phone = rt.tenant.spec.property.phone or ""
        expired, event = await say(rt, unit, expired, "handoff_expired", number=request.number, phone=phone)
        await unit.conversations.save(rt.tenant_id, expired)
        changed = OwnershipChanged(conversation_id)
        await unit.outbox.add(rt.tenant_id, changed)
        await unit.outbox.add_task(rt.tenant_id, NOTIFY_HANDOFF_EXPIRED, {"conversation_id": conversation_id})
    metrics.HANDOFFS_EXPIRED.inc()
    await publish(rt, [told, event, changed])
    return True


async def make_request_in_unit(
    rt: Runtime, unit: Unit, conversation: Conversation, *, reason: str, department: str | None = None
) -> tuple[ServiceRequest, RequestChanged]:
    """A service request "please contact this guest", for a hand-off that nobody could take."""
    now = rt.clock.now()
    guest = await unit.guests.get(rt.tenant_id, conversation.guest_id)
    request = ServiceRequest(
        id=RequestId(new_id(now)),
        number=await unit.requests.next_number(rt.tenant_id),
        department=department or rt.tenant.spec.chat.handoff.fallback_department,
        kind="contact_guest",
        summary=reason.replace("_", " "),
        created_by=Author.CONCIERGE,
        created_at=now,
        updated_at=now,
        priority=Priority.HIGH,
        room_number=guest.room_number if guest else None,
        due_at=now + timedelta(hours=1),
        conversation_id=conversation.id,
        guest_id=conversation.guest_id,
    )
    await unit.requests.add(rt.tenant_id, request)
    event = RequestChanged(request.id, conversation.id)
    await unit.outbox.add(rt.tenant_id, event)
    await unit.outbox.add_task(rt.tenant_id, NOTIFY_REQUEST, {"request_id": request.id})
    return request, event


async def _desk_is_closed(
    rt: Runtime, unit: Unit, conversation: Conversation, closed: DeskClosed, reason: str, department: str | None
) -> tuple[Conversation, list[Event]]:
    request, told = await make_request_in_unit(rt, unit, conversation, reason=reason, department=department)
    opens = closed.opens.strftime("%H:%M") if closed.opens else ""
    conversation, event = await say(rt, unit, conversation, "handoff_closed_now", opens=opens, number=request.number)
    await unit.conversations.save(rt.tenant_id, conversation)
    return conversation, [told, event]


def _promise(rt: Runtime) -> PersonSoon | DeskClosed:
    spec = rt.tenant.spec
    now = rt.clock.now()
    local = now.astimezone(ZoneInfo(spec.property.timezone))
    hours = spec.property.front_desk_hours
    return promise(
        now=now,
        is_open=hours.is_open(local),
        opens=hours.next_opening(local),
        accept_within_seconds=spec.chat.handoff.accept_within_seconds,
    )


def _emergency_accept_by(rt: Runtime) -> datetime:
    return rt.clock.now() + timedelta(seconds=rt.tenant.spec.chat.handoff.accept_within_seconds)

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
    Ownership,
    Priority,
    handed_off,
    handoff_expired,
    most_pressing,
    with_next_seq,
)
from concierge_core.domain.events import Event, OwnershipChanged, ReplyWithdrawn, RequestChanged
from concierge_core.domain.handoff import DeskClosed, PersonSoon, promise
from concierge_core.domain.ids import ConversationId, RequestId, TurnId, new_id
from concierge_core.domain.posting import ended
from concierge_core.domain.requests import CONTACT_GUEST, ServiceRequest, wished_again
from concierge_core.domain.turns import Turn, TurnState
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.telemetry import current_traceparent
from concierge_core.tenant.overrides import FRONT_DESK_HOURS
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
    turn_id: TurnId | None = None,
) -> tuple[Conversation, list[Event]]:
    """Hand a locked conversation to staff within the caller's transaction; the caller publishes the events.

    `say_so`: the guest is told by a fixed text (False when a reply has just told them). Open turns end here: nobody
    waits for the concierge any more. While the desk is closed the guest is told that instead, as the reply to
    `turn_id` if given, and the concierge goes on.
    """
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
        # The concierge goes on: what the guest has asked meanwhile is still owed its answer.
        return await _desk_is_closed(rt, unit, conversation, promised, reason, department, turn_id)
    events = await end_turns(rt, unit, conversation)
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
    return [ReplyWithdrawn(conversation.id, turn.id, turn.attempt) for turn in open_turns]


async def say(
    rt: Runtime, unit: Unit, conversation: Conversation, key: str, *, turn_id: TurnId | None = None, **values: object
) -> tuple[Conversation, Event]:
    """Add one of our fixed texts as a message of the concierge, as the reply to `turn_id` if given.

    The caller saves the conversation.
    """
    conversation = with_next_seq(conversation, rt.clock.now())
    words = text(key, conversation.language, **values)
    _, event = await store_message(
        rt, unit, conversation, author=Author.CONCIERGE, text=words, turn_id=turn_id, provenance=notice()
    )
    return conversation, event


async def expire_handoff(rt: Runtime, conversation_id: ConversationId) -> Turn | None:
    """Nobody accepted in time: tell the guest, make a request, let the concierge answer again.

    What the guest wrote meanwhile is owed a reply: that turn is returned, for the caller to start. An emergency stays
    with staff; the guest is told once more whom to call.
    """
    async with rt.store.write() as unit:
        conversation = await unit.conversations.lock(rt.tenant_id, conversation_id)
        expired = handoff_expired(conversation, rt.clock.now()) if conversation else None
        if expired is None:
            return None
        if expired.awaits_acceptance:
            owed, events = None, await _still_an_emergency(rt, unit, expired)
        else:
            owed, events = await _taken_back(rt, unit, expired)
    metrics.HANDOFFS_EXPIRED.inc()
    await publish(rt, events)
    return owed


async def _taken_back(rt: Runtime, unit: Unit, conversation: Conversation) -> tuple[Turn | None, list[Event]]:
    waited_for = await _unanswered(rt, unit, conversation)
    reason = conversation.handoff_reason or "handoff"
    request, told = await make_request_in_unit(rt, unit, conversation, reason=reason)
    phone = rt.tenant.spec.property.phone or ""
    conversation, event = await say(rt, unit, conversation, "handoff_expired", number=request.number, phone=phone)
    await unit.conversations.save(rt.tenant_id, conversation)
    owed = _owed(rt, conversation, waited_for)
    if owed is not None:
        await unit.turns.add(rt.tenant_id, owed)
    changed = OwnershipChanged(conversation.id)
    await unit.outbox.add(rt.tenant_id, changed)
    await unit.outbox.add_task(rt.tenant_id, NOTIFY_HANDOFF_EXPIRED, {"conversation_id": conversation.id})
    return owed, [told, event, changed]


async def _still_an_emergency(rt: Runtime, unit: Unit, conversation: Conversation) -> list[Event]:
    number = rt.tenant.spec.property.emergency_number
    conversation, event = await say(rt, unit, conversation, "emergency", emergency_number=number)
    await unit.conversations.save(rt.tenant_id, conversation)
    await unit.outbox.add_task(
        rt.tenant_id, NOTIFY_HANDOFF, {"conversation_id": conversation.id, "reason": "emergency"}
    )
    return [event]


async def _unanswered(rt: Runtime, unit: Unit, conversation: Conversation) -> list[int]:
    """The guest's messages after the last answer; notices that came in between answer nothing."""
    latest = await unit.conversations.last_messages(rt.tenant_id, conversation.id, limit=50)
    unanswered: list[int] = []
    for message in reversed(latest):
        if message.author is Author.GUEST:
            unanswered.insert(0, message.seq)
        elif not message.is_notice:
            break
    return unanswered


def _owed(rt: Runtime, conversation: Conversation, unanswered: list[int]) -> Turn | None:
    if not unanswered:
        return None
    now = rt.clock.now()
    return Turn(
        id=TurnId(new_id(now)),
        conversation_id=conversation.id,
        first_seq=unanswered[0],
        last_seq=unanswered[-1],
        state=TurnState.OWED,
        created_at=now,
        traceparent=current_traceparent(),
    )


async def raise_emergency(rt: Runtime, conversation_id: ConversationId) -> None:
    """A guest whom staff own (or are to accept) writes of an emergency: put it first, alert, and while nobody has
    accepted tell the guest whom to call."""
    async with rt.store.write() as unit:
        conversation = await unit.conversations.lock(rt.tenant_id, conversation_id)
        if conversation is None or conversation.ownership is not Ownership.STAFF:
            return
        events: list[Event] = []
        waits = conversation.awaits_acceptance
        conversation = replace(conversation, priority=Priority.URGENT, handoff_reason="emergency")
        if waits:
            number = rt.tenant.spec.property.emergency_number
            conversation, event = await say(rt, unit, conversation, "emergency", emergency_number=number)
            events.append(event)
        await unit.conversations.save(rt.tenant_id, conversation)
        changed = OwnershipChanged(conversation_id)
        await unit.outbox.add(rt.tenant_id, changed)
        await unit.outbox.add_task(
            rt.tenant_id, NOTIFY_HANDOFF, {"conversation_id": conversation_id, "reason": "emergency"}
        )
    await publish(rt, [*events, changed])


async def make_request_in_unit(
    rt: Runtime, unit: Unit, conversation: Conversation, *, reason: str, department: str | None = None
) -> tuple[ServiceRequest, RequestChanged]:
    """A service request "please contact this guest", for a hand-off that nobody could take.

    There is one for a conversation at a time: while one is open it is brought up to date instead.
    """
    guest = await unit.guests.get(rt.tenant_id, conversation.guest_id)
    room = guest.room_number if guest else None
    kept = await _open_wish(rt, unit, conversation)
    if kept is None:
        request = await _new_wish(rt, unit, conversation, reason=reason, department=department, room=room)
    else:
        priority = most_pressing(Priority.HIGH, conversation.priority)
        summary = reason.replace("_", " ")
        request = wished_again(kept, reason=summary, priority=priority, room=room, now=rt.clock.now())
        await unit.requests.save(rt.tenant_id, request)
    event = RequestChanged(request.id, conversation.id)
    await unit.outbox.add(rt.tenant_id, event)
    if kept is None or kept.priority is not request.priority:
        await unit.outbox.add_task(rt.tenant_id, NOTIFY_REQUEST, {"request_id": request.id})
    return request, event


async def _open_wish(rt: Runtime, unit: Unit, conversation: Conversation) -> ServiceRequest | None:
    requests = await unit.requests.of_conversation(rt.tenant_id, conversation.id)
    return next((request for request in reversed(requests) if request.asks_for_contact), None)


async def _new_wish(
    rt: Runtime, unit: Unit, conversation: Conversation, *, reason: str, department: str | None, room: str | None
) -> ServiceRequest:
    now = rt.clock.now()
    request = ServiceRequest(
        id=RequestId(new_id(now)),
        number=await unit.requests.next_number(rt.tenant_id),
        department=department or rt.tenant.spec.chat.handoff.fallback_department,
        kind=CONTACT_GUEST,
        summary=reason.replace("_", " "),
        created_by=Author.CONCIERGE,
        created_at=now,
        updated_at=now,
        priority=Priority.HIGH,
        room_number=room,
        due_at=now + timedelta(hours=1),
        conversation_id=conversation.id,
        guest_id=conversation.guest_id,
    )
    await unit.requests.add(rt.tenant_id, request)
    return request


async def _desk_is_closed(
    rt: Runtime,
    unit: Unit,
    conversation: Conversation,
    closed: DeskClosed,
    reason: str,
    department: str | None,
    turn_id: TurnId | None,
) -> tuple[Conversation, list[Event]]:
    request, told = await make_request_in_unit(rt, unit, conversation, reason=reason, department=department)
    opens = closed.opens.strftime("%H:%M") if closed.opens else ""
    conversation, event = await say(
        rt, unit, conversation, "handoff_closed_now", turn_id=turn_id, opens=opens, number=request.number
    )
    await unit.conversations.save(rt.tenant_id, conversation)
    return conversation, [told, event]


def nobody_is_there(rt: Runtime) -> bool:
    """The desk is closed now: a hand-off becomes a request at once."""
    return isinstance(_promise(rt), DeskClosed)


def _promise(rt: Runtime) -> PersonSoon | DeskClosed:
    spec = rt.tenant.spec
    now = rt.clock.now()
    local = now.astimezone(ZoneInfo(spec.property.timezone))
    hours = spec.property.front_desk_hours
    if spec.chat.handoff.hours is not None and FRONT_DESK_HOURS not in rt.overrides:
        # Staff who set the desk's hours mean when guests find somebody, whatever the YAML says of hand-offs.
        hours = spec.chat.handoff.hours
    return promise(
        now=now,
        is_open=hours.is_open(local),
        opens=hours.next_opening(local),
        accept_within_seconds=spec.chat.handoff.accept_within_seconds,
    )


def _emergency_accept_by(rt: Runtime) -> datetime:
    return rt.clock.now() + timedelta(seconds=rt.tenant.spec.chat.handoff.accept_within_seconds)

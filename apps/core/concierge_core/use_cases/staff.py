"""What staff do: take a conversation over, answer, hand it back, close it; make and move service requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from concierge_core.domain.conversation import (
    Author,
    Conversation,
    Message,
    Priority,
    closed,
    handed_back,
    may_reply_as_staff,
    taken_over,
    with_next_seq,
)
from concierge_core.domain.events import Event, OwnershipChanged, RequestChanged
from concierge_core.domain.ids import ConversationId, RequestId, new_id
from concierge_core.domain.people import Staff
from concierge_core.domain.requests import RequestState, ServiceRequest, moved
from concierge_core.domain.wording import clean, mask_cards
from concierge_core.errors import NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.use_cases.finding import locked
from concierge_core.use_cases.handoff import end_turns
from concierge_core.use_cases.request_news import tell_made, tell_moved
from concierge_core.use_cases.telling import count_message, publish, store_message
from concierge_core.work.names import NOTIFY_CLOSED


async def take_over(rt: Runtime, *, conversation_id: ConversationId, staff: Staff) -> Conversation:
    """Become the one owner. What the concierge was saying is withdrawn. `Conflict` when a colleague has it."""
    return await _change_owner(
        rt, conversation_id, staff, "conversation.taken_over", lambda c, now: taken_over(c, staff.id, now)
    )


async def hand_back(rt: Runtime, *, conversation_id: ConversationId, staff: Staff) -> Conversation:
    """Let the concierge answer again, with fresh context. `Conflict` unless it is yours."""
    return await _change_owner(
        rt, conversation_id, staff, "conversation.handed_back", lambda c, now: handed_back(c, staff.id, now)
    )


async def close(rt: Runtime, *, conversation_id: ConversationId, staff: Staff) -> Conversation:
    """End the conversation; the guest's next message opens it afresh."""
    return await _change_owner(
        rt, conversation_id, staff, "conversation.closed", lambda c, now: closed(c, staff.id, now), task=NOTIFY_CLOSED
    )


async def reply(
    rt: Runtime, *, conversation_id: ConversationId, staff: Staff, text: str, last_seen_seq: int, client_id: str
) -> Message:
    """Answer the guest. The same `client_id` twice is the same message.

    Raises `Conflict` when it is not yours, or has a message newer than `last_seen_seq`; `InvalidInput` as for guests.
    """
    text = mask_cards(clean(text))
    # Guests and staff choose client ids independently: the author keeps them apart.
    key = f"staff:{staff.id[:12]}:{client_id}"[:80]
    async with rt.store.write() as unit:
        conversation = await locked(rt, unit, conversation_id)
        known = await unit.conversations.message_by_client_id(rt.tenant_id, conversation_id, key)
        if known is not None:
            return known
        may_reply_as_staff(conversation, staff.id, last_seen_seq)
        conversation = with_next_seq(conversation, rt.clock.now())
        conversation = replace(conversation, staff_read_seq=conversation.last_seq)
        message, event = await store_message(
            rt, unit, conversation, author=Author.STAFF, text=text, client_id=key, staff=staff
        )
        await unit.conversations.save(rt.tenant_id, conversation)
    count_message(Author.STAFF, conversation.channel)
    await publish(rt, [event])
    return message


async def make_request(
    rt: Runtime,
    *,
    staff: Staff,
    department: str,
    kind: str,
    summary: str,
    room_number: str | None = None,
    priority: Priority = Priority.NORMAL,
    due_in_minutes: int | None = None,
    conversation_id: ConversationId | None = None,
) -> ServiceRequest:
    """A service request made by hand; the guest of its conversation is told."""
    now = rt.clock.now()
    async with rt.store.write() as unit:
        conversation = await locked(rt, unit, conversation_id) if conversation_id else None
        request = ServiceRequest(
            id=RequestId(new_id(now)),
            number=await unit.requests.next_number(rt.tenant_id),
            department=department,
            kind=kind,
            summary=clean(summary),
            created_by=Author.STAFF,
            created_at=now,
            updated_at=now,
            priority=priority,
            room_number=room_number or None,
            due_at=now + timedelta(minutes=due_in_minutes) if due_in_minutes else None,
            conversation_id=conversation_id,
            guest_id=conversation.guest_id if conversation else None,
        )
        await unit.requests.add(rt.tenant_id, request)
        told = await tell_made(rt, unit, request)
        event = await _note_request(rt, unit, request, staff, "request.made")
    await publish(rt, [event, *told])
    return request


async def move_request(rt: Runtime, *, request_id: RequestId, state: RequestState, staff: Staff) -> ServiceRequest:
    """Move a request on and tell its guest. `Conflict` when there is no way from where it is to `state`."""
    async with rt.store.read() as unit:
        known = await unit.requests.get(rt.tenant_id, request_id)
    if known is None:
        raise NotFound("no such request")
    async with rt.store.write() as unit:
        if known.conversation_id is not None:
            # The conversation before its request, as everywhere: two that wait for each other would both lose.
            await unit.conversations.lock(rt.tenant_id, known.conversation_id)
        before = await unit.requests.get(rt.tenant_id, request_id)
        if before is None:
            raise NotFound("no such request")
        request = moved(before, state, staff.id, rt.clock.now())
        await unit.requests.save(rt.tenant_id, request)
        told = await tell_moved(rt, unit, request) if request is not before else []
        event = await _note_request(rt, unit, request, staff, f"request.{state.value}")
    await publish(rt, [event, *told])
    return request


async def _change_owner(
    rt: Runtime,
    conversation_id: ConversationId,
    staff: Staff,
    action: str,
    rule: Callable[[Conversation, datetime], Conversation],
    *,
    task: str | None = None,
) -> Conversation:
    async with rt.store.write() as unit:
        conversation = rule(await locked(rt, unit, conversation_id), rt.clock.now())
        events: list[Event] = await end_turns(rt, unit, conversation)
        await unit.conversations.save(rt.tenant_id, conversation)
        changed = OwnershipChanged(conversation_id)
        await unit.outbox.add(rt.tenant_id, changed)
        if task is not None:
            await unit.outbox.add_task(rt.tenant_id, task, {"conversation_id": conversation_id})
        await _audit(rt, unit, staff, action, conversation_id)
    await publish(rt, [*events, changed])
    return conversation


async def _note_request(rt: Runtime, unit: Unit, request: ServiceRequest, staff: Staff, action: str) -> RequestChanged:
    event = RequestChanged(request.id, request.conversation_id)
    await unit.outbox.add(rt.tenant_id, event)
    await _audit(rt, unit, staff, action, request.id)
    return event


async def _audit(rt: Runtime, unit: Unit, staff: Staff, action: str, subject: str) -> None:
    await unit.audit.add(rt.tenant_id, actor=staff.id, action=action, subject=subject, details={}, now=rt.clock.now())

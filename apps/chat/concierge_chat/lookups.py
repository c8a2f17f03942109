"""What a guest's connection reads from the database, each in one short transaction."""

from __future__ import annotations

from dataclasses import dataclass

from concierge_core.domain.conversation import Channel, Conversation, Message
from concierge_core.domain.ids import ConversationId, RequestId, TurnId
from concierge_core.domain.people import Guest, SessionToken
from concierge_core.domain.requests import ServiceRequest
from concierge_core.errors import NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime

BATCH = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a guest who arrives is told: the conversation, who owns it, the turn being answered, open requests."""

    conversation: Conversation
    staff_name: str | None
    open_turn: TurnId | None
    requests: list[ServiceRequest]


async def guest_of(rt: Runtime, token: str) -> Guest | None:
    """Who this web session's token belongs to; None when nobody (any more)."""
    async with rt.store.read() as unit:
        return await unit.guests.by_session(rt.tenant_id, SessionToken(Channel.WEB, token))


async def arrival_at(rt: Runtime, conversation_id: ConversationId) -> Arrival:
    """Everything about the conversation but its messages. Raises `NotFound` when it was erased."""
    async with rt.store.read() as unit:
        conversation = await _conversation(rt, unit, conversation_id)
        turns = await unit.turns.open_of(rt.tenant_id, conversation_id)
        requests = await unit.requests.of_conversation(rt.tenant_id, conversation_id)
        staff_name = await _staff_name(rt, unit, conversation)
    return Arrival(conversation, staff_name, turns[0].id if turns else None, [r for r in requests if r.state.is_open])


async def conversation_now(rt: Runtime, conversation_id: ConversationId) -> tuple[Conversation, str | None]:
    """The conversation and the name of who owns it. Raises `NotFound` when it was erased."""
    async with rt.store.read() as unit:
        conversation = await _conversation(rt, unit, conversation_id)
        return conversation, await _staff_name(rt, unit, conversation)


async def messages_after(rt: Runtime, conversation_id: ConversationId, seq: int, limit: int = BATCH) -> list[Message]:
    """The next messages, at most `limit`."""
    async with rt.store.read() as unit:
        return await unit.conversations.messages(rt.tenant_id, conversation_id, after_seq=seq, limit=limit)


async def turn_is_open(rt: Runtime, turn_id: TurnId) -> bool:
    """A reply is still owed."""
    async with rt.store.read() as unit:
        turn = await unit.turns.get(rt.tenant_id, turn_id)
    return turn is not None and turn.state.is_open


async def request_of(rt: Runtime, request_id: RequestId) -> ServiceRequest | None:
    """The service request."""
    async with rt.store.read() as unit:
        return await unit.requests.get(rt.tenant_id, request_id)


async def _conversation(rt: Runtime, unit: Unit, conversation_id: ConversationId) -> Conversation:
    conversation = await unit.conversations.get(rt.tenant_id, conversation_id)
    if conversation is None:
        raise NotFound("no such conversation")
    return conversation


async def _staff_name(rt: Runtime, unit: Unit, conversation: Conversation) -> str | None:
    if conversation.staff_id is None:
        return None
    staff = await unit.staff.get(rt.tenant_id, conversation.staff_id)
    return staff.name if staff else None

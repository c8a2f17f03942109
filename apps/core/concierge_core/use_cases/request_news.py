"""Telling a guest what becomes of a service request: a message in the conversation that it belongs to.

It is stored like any other message, so it survives a reload, is read out, and staff see what the guest was told.
"""

from __future__ import annotations

from concierge_core.domain.conversation import Channel
from concierge_core.domain.events import Event
from concierge_core.domain.requests import ServiceRequest
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.use_cases.finding import locked
from concierge_core.use_cases.handoff import say


async def tell_made(rt: Runtime, unit: Unit, request: ServiceRequest) -> list[Event]:
    """Staff have made a request for the guest."""
    return await _tell(rt, unit, request, "request_made")


async def tell_moved(rt: Runtime, unit: Unit, request: ServiceRequest) -> list[Event]:
    """The request stands where it says now."""
    return await _tell(rt, unit, request, f"request_{request.state.value}")


async def _tell(rt: Runtime, unit: Unit, request: ServiceRequest, key: str) -> list[Event]:
    if request.conversation_id is None:
        return []
    conversation = await locked(rt, unit, request.conversation_id)
    if conversation.channel is Channel.VOICE:
        return []  # nobody would hear it: the call is over, or somebody else is speaking
    conversation, event = await say(rt, unit, conversation, key, number=request.number)
    await unit.conversations.save(rt.tenant_id, conversation)
    return [event]

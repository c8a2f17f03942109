"""Finding what a deed is about, held still until its transaction ends."""

from __future__ import annotations

from concierge_core.domain.conversation import Conversation
from concierge_core.domain.ids import ConversationId
from concierge_core.errors import NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime


async def locked(rt: Runtime, unit: Unit, conversation_id: ConversationId) -> Conversation:
    """The conversation, which nobody else changes until this unit ends. Raises `NotFound`."""
    conversation = await unit.conversations.lock(rt.tenant_id, conversation_id)
    if conversation is None:
        raise NotFound("no such conversation")
    return conversation

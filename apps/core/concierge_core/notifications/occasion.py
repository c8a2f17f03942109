"""What there is to tell: one occasion, as far as recipients need it, without a word of what the guest wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from concierge_core.domain.conversation import Conversation, Priority
from concierge_core.domain.ids import ConversationId, RequestId
from concierge_core.domain.people import Guest
from concierge_core.domain.requests import ServiceRequest
from concierge_core.runtime import Runtime

HANDOFF = "handoff"
HANDOFF_EXPIRED = "handoff_expired"
REQUEST_MADE = "request_made"
EMERGENCY = "emergency"
CLOSED = "conversation_closed"


@dataclass(frozen=True, slots=True)
class Occasion:
    """`event` is a webhook event name. `link` opens the dashboard. `reason` is a code such as `guest_wish`."""

    event: str
    occurred_at: datetime
    link: str
    conversation: Conversation | None = None
    guest: Guest | None = None
    request: ServiceRequest | None = None
    reason: str | None = None

    @property
    def guest_name(self) -> str | None:
        """As the guest gave it."""
        return self.guest.name if self.guest else None

    @property
    def room_number(self) -> str | None:
        """The request's, else the guest's."""
        return (self.request.room_number if self.request else None) or (self.guest.room_number if self.guest else None)

    @property
    def urgent(self) -> bool:
        """An emergency."""
        return self.event == EMERGENCY


async def of_conversation(
    rt: Runtime, event: str, conversation_id: str, *, reason: str | None, at: datetime
) -> Occasion | None:
    """The occasion as it stands now; None when the conversation was erased. An urgent hand-off is an emergency."""
    async with rt.store.read() as unit:
        conversation = await unit.conversations.get(rt.tenant_id, ConversationId(conversation_id))
        if conversation is None:
            return None
        guest = await unit.guests.get(rt.tenant_id, conversation.guest_id)
    if event == HANDOFF and conversation.priority is Priority.URGENT:
        event = EMERGENCY
    link = conversation_link(rt, conversation.id)
    return Occasion(event, at, link, conversation, guest, reason=reason or conversation.handoff_reason)


async def of_request(rt: Runtime, request_id: str, *, at: datetime) -> Occasion | None:
    """A service request was made; None when it was erased."""
    async with rt.store.read() as unit:
        request = await unit.requests.get(rt.tenant_id, RequestId(request_id))
        if request is None:
            return None
        guest = await unit.guests.get(rt.tenant_id, request.guest_id) if request.guest_id else None
    link = conversation_link(rt, request.conversation_id) if request.conversation_id else _dashboard(rt, "requests")
    return Occasion(REQUEST_MADE, at, link, None, guest, request, request.kind)


def conversation_link(rt: Runtime, conversation_id: str) -> str:
    """Where staff open the conversation."""
    return _dashboard(rt, f"conversations/{conversation_id}")


def _dashboard(rt: Runtime, path: str) -> str:
    return f"{rt.settings.public_url}/admin/{path}"

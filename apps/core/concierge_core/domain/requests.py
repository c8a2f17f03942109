"""A service request: work for a department."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from concierge_core.domain.conversation import Author, Priority
from concierge_core.domain.ids import ConversationId, GuestId, RequestId, StaffId
from concierge_core.errors import Conflict

CONTACT_GUEST = "contact_guest"
"""The kind of a request that stands for a hand-off which nobody could take: `summary` is its reason."""


class RequestState(StrEnum):
    """open → accepted → on_the_way → done; or cancelled."""

    OPEN = "open"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Somebody still has to do something."""
        return self not in (RequestState.DONE, RequestState.CANCELLED)


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """`number` counts per tenant from 1 and is what people say to each other ("request 42")."""

    id: RequestId
    number: int
    department: str
    kind: str
    summary: str
    created_by: Author
    created_at: datetime
    updated_at: datetime
    state: RequestState = RequestState.OPEN
    priority: Priority = Priority.NORMAL
    room_number: str | None = None
    due_at: datetime | None = None
    conversation_id: ConversationId | None = None
    guest_id: GuestId | None = None
    assignee_id: StaffId | None = None


_NEXT = {
    RequestState.OPEN: {RequestState.ACCEPTED, RequestState.ON_THE_WAY, RequestState.DONE, RequestState.CANCELLED},
    RequestState.ACCEPTED: {RequestState.ON_THE_WAY, RequestState.DONE, RequestState.CANCELLED, RequestState.OPEN},
    RequestState.ON_THE_WAY: {RequestState.DONE, RequestState.CANCELLED, RequestState.OPEN},
    RequestState.DONE: {RequestState.OPEN},
    RequestState.CANCELLED: {RequestState.OPEN},
}


def moved(request: ServiceRequest, state: RequestState, by: StaffId, now: datetime) -> ServiceRequest:
    """The request in its new state, assigned to who moved it; the same state again changes nothing.

    Raises `Conflict` when there is no way from here to there.
    """
    if state is request.state:
        return request
    if state not in _NEXT[request.state]:
        raise Conflict(f"a request that is {request.state.value} can't become {state.value}")
    assignee = None if state is RequestState.OPEN else by
    return replace(request, state=state, assignee_id=assignee, updated_at=now)

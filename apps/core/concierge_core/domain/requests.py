"""A service request: work for a department."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from concierge_core.domain.conversation import Author, Priority, most_pressing
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

    @property
    def asks_for_contact(self) -> bool:
        """It stands for a hand-off, and nobody has dealt with it yet."""
        return self.kind == CONTACT_GUEST and self.state.is_open


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


def wished_again(
    request: ServiceRequest, *, reason: str, priority: Priority, room: str | None, now: datetime
) -> ServiceRequest:
    """The same wish for a person, said again: its reason is the newest one, and its priority never falls.

    An emergency stays one.
    """
    return replace(
        request,
        summary=request.summary if request.summary == "emergency" else reason,
        priority=most_pressing(request.priority, priority),
        room_number=room or request.room_number,
        updated_at=now,
    )

"""Read models: what the inbox and a conversation's page show, gathered in one transaction each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from concierge_core.domain.conversation import Author, Conversation, Message, Ownership, Priority, Status
from concierge_core.domain.ids import ConversationId, RequestId, StaffId
from concierge_core.domain.people import Guest, Staff
from concierge_core.domain.requests import CONTACT_GUEST, ServiceRequest
from concierge_core.domain.understanding import Rung
from concierge_core.errors import NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime

ROWS = 40
_WAITING_LOOKED_AT = 500
"""Of so many hand-offs the first `ROWS` are shown: the longest waiting are the last in the order of change."""
SHOWN_MESSAGES = 100
_LOOKED_AT = 8
_LOOKED_BACK = 50


class View(StrEnum):
    """The inbox's views."""

    WAITING = "waiting"
    MINE = "mine"
    WITH_STAFF = "with_staff"
    CONCIERGE = "concierge"
    CLOSED = "closed"
    ALL = "all"


_STATUSES: dict[View, list[str] | None] = {
    View.WAITING: [Status.WAITING.value],
    View.MINE: [Status.WITH_STAFF.value],
    View.WITH_STAFF: [Status.WITH_STAFF.value],
    View.CONCIERGE: [Status.OPEN.value],
    View.CLOSED: [Status.CLOSED.value],
    View.ALL: None,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation in a list. `asked` is what the guest wrote last, `last` what anybody did."""

    conversation: Conversation
    guest: Guest | None
    asked: Message | None
    last: Message | None
    owner: str | None
    now: datetime

    @property
    def overdue(self) -> bool:
        """A person was promised for a time that has passed."""
        return self.conversation.accept_by is not None and self.now > self.conversation.accept_by

    @property
    def urgent(self) -> bool:
        """To be looked at before all others, until it is closed."""
        conversation = self.conversation
        return conversation.priority is Priority.URGENT and conversation.ownership is not Ownership.CLOSED

    @property
    def unread(self) -> bool:
        """The guest wrote something that staff who own the conversation (or should) have not seen."""
        if self.asked is None or self.answer is not None:
            return False
        return self.conversation.ownership is Ownership.STAFF and self.conversation.staff_read_seq < self.asked.seq

    @property
    def answer(self) -> Message | None:
        """What was said last, if it was not the guest."""
        return None if self.last is None or self.last.author is Author.GUEST else self.last


async def inbox_rows(rt: Runtime, staff: Staff, view: View, before: datetime | None = None) -> list[Row]:
    """The view's conversations: urgent hand-offs first, then the longest waiting; all else newest first."""
    async with rt.store.read() as unit:
        found = await unit.conversations.inbox(
            rt.tenant_id,
            statuses=_STATUSES[view],
            staff_id=staff.id if view is View.MINE else None,
            limit=_WAITING_LOOKED_AT if view is View.WAITING else ROWS,
            before=before,
        )
        if view is View.WAITING:
            now = rt.clock.now()
            found.sort(key=lambda c: (c.priority is not Priority.URGENT, c.waiting_since or now))
        names = await _names(rt, unit)
        return [await _row(rt, unit, c, names) for c in found[:ROWS]]


async def inbox_counts(rt: Runtime, staff: Staff) -> dict[View, int]:
    """How many conversations each view holds."""
    async with rt.store.read() as unit:
        counts = await unit.conversations.counts_by_status(rt.tenant_id)
        mine = await unit.conversations.inbox(
            rt.tenant_id, statuses=[Status.WITH_STAFF.value], staff_id=staff.id, limit=100
        )
    by_view = {view: sum(counts.get(s, 0) for s in statuses or []) for view, statuses in _STATUSES.items()}
    return {**by_view, View.MINE: len(mine), View.ALL: sum(counts.values())}


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation's page."""

    conversation: Conversation
    guest: Guest | None
    messages: list[Message]
    owner: Staff | None
    requests: list[ServiceRequest]
    position: int
    has_earlier: bool
    names: dict[StaffId, str] = field(default_factory=dict)

    def is_mine(self, staff: Staff) -> bool:
        """This person owns it, and so may answer."""
        return self.conversation.ownership is Ownership.STAFF and self.conversation.staff_id == staff.id

    def holder(self, staff: Staff) -> str:
        """Who has it, as one word: the composer is drawn anew when this changes."""
        if self.is_mine(staff):
            return "mine"
        return "colleague" if self.owner else self.conversation.status.value


async def thread(
    rt: Runtime, conversation_id: ConversationId, *, after_seq: int | None = None, before_seq: int | None = None
) -> Thread:
    """The conversation with its newest messages, those after `after_seq`, or those before `before_seq`.

    Raises `NotFound`.
    """
    async with rt.store.read() as unit:
        conversation = await unit.conversations.get(rt.tenant_id, conversation_id)
        if conversation is None:
            raise NotFound("no such conversation")
        messages = await _messages(rt, unit, conversation, after_seq, before_seq)
        owner = await unit.staff.get(rt.tenant_id, conversation.staff_id) if conversation.staff_id else None
        return Thread(
            conversation=conversation,
            guest=await unit.guests.get(rt.tenant_id, conversation.guest_id),
            messages=messages,
            owner=owner,
            requests=await unit.requests.of_conversation(rt.tenant_id, conversation_id),
            position=await unit.outbox.last_position(rt.tenant_id),
            has_earlier=bool(messages) and messages[0].seq > 1,
        )


async def _messages(
    rt: Runtime, unit: Unit, conversation: Conversation, after_seq: int | None, before_seq: int | None
) -> list[Message]:
    if after_seq is not None:
        return await unit.conversations.messages(rt.tenant_id, conversation.id, after_seq=after_seq)
    if before_seq is not None:
        first = max(0, before_seq - 1 - SHOWN_MESSAGES)
        count = min(SHOWN_MESSAGES, max(0, before_seq - 1))
        return await unit.conversations.messages(rt.tenant_id, conversation.id, after_seq=first, limit=max(1, count))
    return await unit.conversations.last_messages(rt.tenant_id, conversation.id, limit=SHOWN_MESSAGES)


async def _row(rt: Runtime, unit: Unit, conversation: Conversation, names: dict[StaffId, str]) -> Row:
    latest = await unit.conversations.last_messages(rt.tenant_id, conversation.id, limit=_LOOKED_AT)
    return Row(
        conversation=conversation,
        guest=await unit.guests.get(rt.tenant_id, conversation.guest_id),
        asked=_asked(latest),
        last=_telling(latest),
        owner=names.get(conversation.staff_id) if conversation.staff_id else None,
        now=rt.clock.now(),
    )


def _asked(latest: Iterable[Message]) -> Message | None:
    return next((m for m in reversed(list(latest)) if m.author is Author.GUEST), None)


def _telling(latest: list[Message]) -> Message | None:
    """The newest message that says what it is about: our fixed notices ("a colleague is coming") do not."""
    telling = [m for m in latest if m.provenance is None or m.provenance.rung is not Rung.NOTICE]
    return next(reversed(telling or latest), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request is for, and what they wrote last before it was made."""

    name: str | None
    room: str | None
    asked: Message | None


async def callers_of(rt: Runtime, unit: Unit, requests: list[ServiceRequest]) -> dict[RequestId, Caller]:
    """For open requests the guest as they are known now; for others the room that was noted."""
    return {request.id: await _caller(rt, unit, request) for request in requests}


async def _caller(rt: Runtime, unit: Unit, request: ServiceRequest) -> Caller:
    if not request.state.is_open or request.guest_id is None:
        return Caller(None, request.room_number, None)
    guest = await unit.guests.get(rt.tenant_id, request.guest_id)
    name, room = (guest.name, guest.room_number) if guest else (None, None)
    return Caller(name, request.room_number or room, await _asked_before(rt, unit, request))


async def _asked_before(rt: Runtime, unit: Unit, request: ServiceRequest) -> Message | None:
    """Only for a request to contact the guest: any other says itself what is to be done."""
    if request.conversation_id is None or request.kind != CONTACT_GUEST:
        return None
    latest = await unit.conversations.last_messages(rt.tenant_id, request.conversation_id, limit=_LOOKED_BACK)
    return _asked(m for m in latest if m.created_at <= request.updated_at)


async def _names(rt: Runtime, unit: Unit) -> dict[StaffId, str]:
    return {s.id: s.name for s in await unit.staff.listed(rt.tenant_id)}

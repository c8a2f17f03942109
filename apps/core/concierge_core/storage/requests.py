"""Service requests."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update

from concierge_core.domain.conversation import Author, Priority
from concierge_core.domain.ids import ConversationId, GuestId, RequestId, StaffId, TenantId
from concierge_core.domain.requests import RequestState, ServiceRequest
from concierge_core.storage.counters import REQUEST_NUMBER, SqlCounters
from concierge_core.storage.schema import Request, table
from concierge_core.storage.transaction import Transaction

_requests = table(Request)
_SUMMARY: Final = "service_requests.summary"
_ROOM: Final = "service_requests.room_number"
_OPEN: Final = [state.value for state in RequestState if state.is_open]

_ADD = insert(_requests)
_GET = select(_requests).where(_requests.c.tenant_id == bindparam("tenant"), _requests.c.id == bindparam("request"))
_SAVE = update(_requests).where(_requests.c.tenant_id == bindparam("tenant"), _requests.c.id == bindparam("request"))
_LISTED = (
    select(_requests)
    .where(_requests.c.tenant_id == bindparam("tenant"))
    .order_by(_requests.c.created_at.desc(), _requests.c.number.desc())
    .limit(bindparam("most"))
)
_LISTED_OPEN = _LISTED.where(_requests.c.state.in_(_OPEN))
_OF_CONVERSATION = (
    select(_requests)
    .where(_requests.c.tenant_id == bindparam("tenant"), _requests.c.conversation_id == bindparam("conversation"))
    .order_by(_requests.c.number)
)


class SqlRequests:
    """`ports.Requests`. Summary and room are sealed."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction
        self._counters = SqlCounters(transaction)

    async def next_number(self, tenant: TenantId) -> int:
        """From 1, without gaps: a unit that fails gives its number back."""
        return await self._counters.advance(tenant, REQUEST_NUMBER)

    async def add(self, tenant: TenantId, request: ServiceRequest) -> None:
        """A new one; `Conflict` when its number is taken."""
        fixed = {"tenant_id": tenant, "id": request.id, "number": request.number, "created_at": request.created_at}
        await self._in.run(_ADD, fixed | self._changing(tenant, request))

    async def save(self, tenant: TenantId, request: ServiceRequest) -> None:
        """All that changes about it."""
        await self._in.run(_SAVE, {"tenant": tenant, "request": request.id} | self._changing(tenant, request))

    async def get(self, tenant: TenantId, request_id: RequestId) -> ServiceRequest | None:
        """By id; in a writing unit nobody else changes it until its end."""
        rows = await self._in.to_change(_GET, tenant=tenant, request=request_id)
        return self._request(tenant, rows[0]) if rows else None

    async def listed(self, tenant: TenantId, *, open_only: bool = False, limit: int = 200) -> list[ServiceRequest]:
        """Newest first."""
        rows = await self._in.rows(_LISTED_OPEN if open_only else _LISTED, tenant=tenant, most=limit)
        return [self._request(tenant, row) for row in rows]

    async def of_conversation(self, tenant: TenantId, conversation_id: ConversationId) -> list[ServiceRequest]:
        """In order of their numbers."""
        rows = await self._in.rows(_OF_CONVERSATION, tenant=tenant, conversation=conversation_id)
        return [self._request(tenant, row) for row in rows]

    def _changing(self, tenant: TenantId, request: ServiceRequest) -> dict[str, Any]:
        keys, room = self._in.keys, request.room_number
        return {
            "department": request.department,
            "kind": request.kind,
            "summary": keys.seal(tenant, _SUMMARY, request.id, request.summary),
            "room_number": keys.seal(tenant, _ROOM, request.id, room) if room is not None else None,
            "state": request.state.value,
            "priority": request.priority.value,
            "created_by": request.created_by.value,
            "conversation_id": request.conversation_id,
            "guest_id": request.guest_id,
            "assignee_id": request.assignee_id,
            "due_at": request.due_at,
            "updated_at": request.updated_at,
        }

    def _request(self, tenant: TenantId, row: Row[Any]) -> ServiceRequest:
        keys, room = self._in.keys, row.room_number
        return ServiceRequest(
            id=RequestId(row.id),
            number=row.number,
            department=row.department,
            kind=row.kind,
            summary=keys.open(tenant, _SUMMARY, row.id, row.summary),
            created_by=Author(row.created_by),
            created_at=row.created_at,
            updated_at=row.updated_at,
            state=RequestState(row.state),
            priority=Priority(row.priority),
            room_number=keys.open(tenant, _ROOM, row.id, room) if room is not None else None,
            due_at=row.due_at,
            conversation_id=ConversationId(row.conversation_id) if row.conversation_id else None,
            guest_id=GuestId(row.guest_id) if row.guest_id else None,
            assignee_id=StaffId(row.assignee_id) if row.assignee_id else None,
        )

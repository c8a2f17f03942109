"""Conversations, and with them their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Select, Update, bindparam, case, delete, exists, func, insert, or_, select, update

from concierge_core.domain.conversation import Author, Channel, Conversation, Ownership, Priority, Status
from concierge_core.domain.ids import ConversationId, GuestId, StaffId, TenantId
from concierge_core.domain.understanding import Sentiment
from concierge_core.storage.messages import SqlMessages
from concierge_core.storage.schema import Conversation as ConversationRow
from concierge_core.storage.schema import Request as RequestRow
from concierge_core.storage.schema import User, table

_conversations, _users, _requests = table(ConversationRow), table(User), table(RequestRow)

_ADD = insert(_conversations)
_GET = select(_conversations).where(
    _conversations.c.tenant_id == bindparam("tenant"), _conversations.c.id == bindparam("conversation")
)
_SAVE = update(_conversations).where(
    _conversations.c.tenant_id == bindparam("tenant"), _conversations.c.id == bindparam("conversation")
)
_LATEST = (
    select(_conversations)
    .where(_conversations.c.tenant_id == bindparam("tenant"), _conversations.c.user_id == bindparam("guest"))
    .order_by(_conversations.c.updated_at.desc(), _conversations.c.id.desc())
    .limit(1)
)
_LATEST_ON_CHANNEL = _LATEST.where(_conversations.c.channel == bindparam("on"))
# Whoever opens the guest page begins a conversation; staff see it once something was said, or somebody waits in it.
_WORTH_A_LOOK = or_(
    _conversations.c.last_seq > 0,
    _conversations.c.status.in_([Status.WAITING.value, Status.WITH_STAFF.value]),
)
_NEWEST_CHANGE = (
    select(_conversations)
    .where(_conversations.c.tenant_id == bindparam("tenant"), _WORTH_A_LOOK)
    .order_by(_conversations.c.updated_at.desc(), _conversations.c.id.desc())
    .limit(bindparam("most"))
)
_COUNTS = (
    select(_conversations.c.status, func.count().label("number"))
    .where(_conversations.c.tenant_id == bindparam("tenant"), _WORTH_A_LOOK)
    .group_by(_conversations.c.status)
)
_WAITING_PAST = (
    select(_conversations.c.id)
    .where(
        _conversations.c.tenant_id == bindparam("tenant"),
        _conversations.c.accept_by.is_not(None),
        # The second: the clock was set back to before the waiting began.
        or_(_conversations.c.accept_by <= bindparam("now"), _conversations.c.waiting_since > bindparam("now")),
    )
    .order_by(_conversations.c.accept_by)
    .limit(bindparam("most"))
)
_IDLE = (
    select(_conversations.c.id)
    .where(_conversations.c.tenant_id == bindparam("tenant"), _conversations.c.updated_at < bindparam("before"))
    .order_by(_conversations.c.updated_at)
    .limit(bindparam("most"))
)
_GUESTS_OF = (
    select(_conversations.c.user_id)
    .where(_conversations.c.tenant_id == bindparam("tenant"), _conversations.c.id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_DELETE = delete(_conversations).where(
    _conversations.c.tenant_id == bindparam("tenant"), _conversations.c.id.in_(bindparam("ids", expanding=True))
)
_GUESTS_WITHOUT = select(_users.c.id).where(
    _users.c.tenant_id == bindparam("tenant"),
    _users.c.id.in_(bindparam("guests", expanding=True)),
    ~exists().where(_conversations.c.tenant_id == _users.c.tenant_id, _conversations.c.user_id == _users.c.id),
)
_FORGET_GUESTS = delete(_users).where(
    _users.c.tenant_id == bindparam("tenant"), _users.c.id.in_(bindparam("guests", expanding=True))
)
_FORGET_IN_REQUESTS = (
    update(_requests)
    .where(_requests.c.tenant_id == bindparam("tenant"), _requests.c.guest_id.in_(bindparam("guests", expanding=True)))
    .values(guest_id=None)
)


def _mark_read(seen: Column[Any]) -> Update:
    newest = case((_conversations.c.last_seq < bindparam("seq"), _conversations.c.last_seq), else_=bindparam("seq"))
    return _SAVE.where(seen < newest).values({seen: newest})


_MARK_READ = {
    Author.GUEST: _mark_read(_conversations.c.guest_read_seq),
    Author.STAFF: _mark_read(_conversations.c.staff_read_seq),
}


class SqlConversations(SqlMessages):
    """`ports.Conversations`."""

    async def add(self, tenant: TenantId, conversation: Conversation) -> None:
        """A new one; its guest is there already."""
        fixed = {
            "tenant_id": tenant,
            "id": conversation.id,
            "user_id": conversation.guest_id,
            "channel": conversation.channel.value,
            "created_at": conversation.created_at,
        }
        await self._in.run(_ADD, fixed | _changing(conversation))

    async def get(self, tenant: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """By id."""
        row = await self._in.first(_GET, tenant=tenant, conversation=conversation_id)
        return _conversation(row) if row is not None else None

    async def lock(self, tenant: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """As `get`, and nobody else changes it until this unit ends."""
        rows = await self._in.to_change(_GET, tenant=tenant, conversation=conversation_id)
        return _conversation(rows[0]) if rows else None

    async def save(self, tenant: TenantId, conversation: Conversation) -> None:
        """All that changes about it; lock it first."""
        await self._in.run(_SAVE, {"tenant": tenant, "conversation": conversation.id} | _changing(conversation))

    async def latest_of_guest(
        self, tenant: TenantId, guest_id: GuestId, channel: Channel | None = None
    ) -> Conversation | None:
        """The one with the newest change."""
        if channel is None:
            row = await self._in.first(_LATEST, tenant=tenant, guest=guest_id)
        else:
            row = await self._in.first(_LATEST_ON_CHANNEL, tenant=tenant, guest=guest_id, on=channel.value)
        return _conversation(row) if row is not None else None

    async def mark_read(self, tenant: TenantId, seen: Mapping[ConversationId, int], *, by: Author) -> int:
        """Raise what the guest, or staff, have seen; how many conversations it has changed."""
        # In one order for everybody, so that two processes never wait for each other's rows in turn.
        marks = [{"tenant": tenant, "conversation": i, "seq": seen[i]} for i in sorted(seen)]
        return await self._in.run_each(_MARK_READ[by], marks)

    async def inbox(
        self,
        tenant: TenantId,
        *,
        statuses: Sequence[str] | None = None,
        staff_id: StaffId | None = None,
        limit: int = 50,
        before: datetime | None = None,
    ) -> list[Conversation]:
        """Newest change first, without those in which nothing was said; `statuses` are `Status` values."""
        statement = _inbox(statuses, staff_id, before)
        return [_conversation(row) for row in await self._in.rows(statement, tenant=tenant, most=limit)]

    async def counts_by_status(self, tenant: TenantId) -> dict[str, int]:
        """How many the inbox holds of each `Status`, zero included."""
        counted = {row.status: row.number for row in await self._in.rows(_COUNTS, tenant=tenant)}
        return {status.value: counted.get(status.value, 0) for status in Status}

    async def waiting_past(self, tenant: TenantId, now: datetime, limit: int = 50) -> list[ConversationId]:
        """Hand-offs whose `accept_by` has passed."""
        rows = await self._in.rows(_WAITING_PAST, tenant=tenant, now=now, most=limit)
        return [ConversationId(row.id) for row in rows]

    async def idle_since(self, tenant: TenantId, before: datetime, limit: int = 200) -> list[ConversationId]:
        """Conversations without any change since `before`, whatever their state; oldest first."""
        rows = await self._in.rows(_IDLE, tenant=tenant, before=before, most=limit)
        return [ConversationId(row.id) for row in rows]

    async def delete(self, tenant: TenantId, conversation_ids: Sequence[ConversationId]) -> int:
        """For ever, with messages, turns, tool journal, their service requests, and guests who have none left."""
        ids = list(conversation_ids)
        if not ids:
            return 0
        guests = [row.user_id for row in await self._in.rows(_GUESTS_OF, tenant=tenant, ids=ids)]
        deleted = await self._in.run(_DELETE, {"tenant": tenant, "ids": ids})
        without = [row.id for row in await self._in.rows(_GUESTS_WITHOUT, tenant=tenant, guests=guests)]
        if without:
            await self._in.run(_FORGET_IN_REQUESTS, {"tenant": tenant, "guests": without})
            await self._in.run(_FORGET_GUESTS, {"tenant": tenant, "guests": without})
        return deleted


def _inbox(statuses: Sequence[str] | None, staff_id: StaffId | None, before: datetime | None) -> Select[Any]:
    statement = _NEWEST_CHANGE
    if statuses is not None:
        statement = statement.where(_conversations.c.status.in_(list(statuses)))
    if staff_id is not None:
        statement = statement.where(_conversations.c.staff_id == staff_id)
    if before is not None:
        statement = statement.where(_conversations.c.updated_at < before)
    return statement


def _changing(conversation: Conversation) -> dict[str, Any]:
    return {
        "status": conversation.status.value,
        "ownership": conversation.ownership.value,
        "priority": conversation.priority.value,
        "category": conversation.category,
        "sentiment": conversation.sentiment.value if conversation.sentiment else None,
        "language": conversation.language,
        "staff_id": conversation.staff_id,
        "handoff_reason": conversation.handoff_reason,
        "waiting_since": conversation.waiting_since,
        "accept_by": conversation.accept_by,
        "last_seq": conversation.last_seq,
        "context_from_seq": conversation.context_from_seq,
        "guest_read_seq": conversation.guest_read_seq,
        "staff_read_seq": conversation.staff_read_seq,
        "rating": conversation.rating,
        "updated_at": conversation.updated_at,
    }


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=ConversationId(row.id),
        guest_id=GuestId(row.user_id),
        channel=Channel(row.channel),
        ownership=Ownership(row.ownership),
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_seq=row.last_seq,
        context_from_seq=row.context_from_seq,
        language=row.language,
        priority=Priority(row.priority),
        category=row.category,
        sentiment=Sentiment(row.sentiment) if row.sentiment else None,
        staff_id=StaffId(row.staff_id) if row.staff_id else None,
        waiting_since=row.waiting_since,
        accept_by=row.accept_by,
        handoff_reason=row.handoff_reason,
        guest_read_seq=row.guest_read_seq,
        staff_read_seq=row.staff_read_seq,
        rating=row.rating,
    )

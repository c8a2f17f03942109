"""The seed's analytics table, and the counts that fill it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, and_, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.conversation import Author
from concierge_core.domain.ids import TenantId
from concierge_core.storage.schema import AnalyticsRow, AuditRow, Conversation, Message, Request, table
from concierge_core.storage.transaction import Transaction

_analytics = table(AnalyticsRow)
_conversations, _messages, _requests, _audit = table(Conversation), table(Message), table(Request), table(AuditRow)

_INSERT = insert(_analytics)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["tenant_id", "date", "hour", "metric_type", "channel"],
    set_={"metric_value": _INSERT.excluded.metric_value},
)
_HOURS = (
    select(_analytics)
    .where(_analytics.c.tenant_id == bindparam("tenant"), _analytics.c.date >= bindparam("since"))
    .order_by(_analytics.c.date, _analytics.c.hour, _analytics.c.metric_type, _analytics.c.channel)
)
_PURGE = delete(_analytics).where(
    _analytics.c.tenant_id == bindparam("tenant"), _analytics.c.date < bindparam("before")
)


def _within(created_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(created_at >= bindparam("start"), created_at < bindparam("end"))


_THEIR_CONVERSATION = and_(
    _conversations.c.tenant_id == _messages.c.tenant_id, _conversations.c.id == _messages.c.conversation_id
)
_CONVERSATIONS = (
    select(_conversations.c.channel, func.count().label("number"))
    .where(
        _conversations.c.tenant_id == bindparam("tenant"),
        _within(_conversations.c.created_at),
        # Opening the guest page alone is no conversation.
        _conversations.c.last_seq > 0,
    )
    .group_by(_conversations.c.channel)
)
_MESSAGES = (
    select(_messages.c.sender_type.label("what"), _conversations.c.channel, func.count().label("number"))
    .join(_conversations, _THEIR_CONVERSATION)
    .where(_messages.c.tenant_id == bindparam("tenant"), _within(_messages.c.created_at))
    .group_by(_messages.c.sender_type, _conversations.c.channel)
)
# A turn is counted where its reply is stored; notices outside turns have no turn_id.
_RUNGS = (
    select(_messages.c.rung.label("what"), _conversations.c.channel, func.count().label("number"))
    .join(_conversations, _THEIR_CONVERSATION)
    .where(
        _messages.c.tenant_id == bindparam("tenant"),
        _within(_messages.c.created_at),
        _messages.c.sender_type == Author.CONCIERGE.value,
        _messages.c.turn_id.is_not(None),
        _messages.c.rung.is_not(None),
    )
    .group_by(_messages.c.rung, _conversations.c.channel)
)
_HANDOFF_CHANNEL = func.coalesce(_audit.c.details["channel"].as_string(), "unknown").label("channel")
_HANDOFFS = (
    select(_HANDOFF_CHANNEL, func.count().label("number"))
    .where(_audit.c.tenant_id == bindparam("tenant"), _audit.c.action == "handoff", _within(_audit.c.created_at))
    .group_by(_HANDOFF_CHANNEL)
)
_REQUEST_CHANNEL = func.coalesce(_conversations.c.channel, literal("staff")).label("channel")
_REQUESTS = (
    select(_REQUEST_CHANNEL, func.count().label("number"))
    .select_from(_requests)
    .outerjoin(
        _conversations,
        and_(_conversations.c.tenant_id == _requests.c.tenant_id, _conversations.c.id == _requests.c.conversation_id),
    )
    .where(_requests.c.tenant_id == bindparam("tenant"), _within(_requests.c.created_at))
    .group_by(_REQUEST_CHANNEL)
)


class SqlAnalytics:
    """`ports.Analytics`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def put_hour(
        self, tenant: TenantId, *, metric_type: str, channel: str, date: str, hour: int, value: float
    ) -> None:
        """Set (not add): recomputing an hour is idempotent."""
        place = {"tenant_id": tenant, "metric_type": metric_type, "channel": channel, "date": date, "hour": hour}
        await self._in.run(_PUT, place | {"metric_value": value})

    async def hours(self, tenant: TenantId, *, since_date: str) -> list[dict[str, Any]]:
        """`{metric_type, channel, date, hour, value}` from that date on, in order of time."""
        return [
            {
                "metric_type": row.metric_type,
                "channel": row.channel,
                "date": row.date,
                "hour": row.hour,
                "value": row.metric_value,
            }
            for row in await self._in.rows(_HOURS, tenant=tenant, since=since_date)
        ]

    async def recount(self, tenant: TenantId, *, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Raw counts in [start, end): `{metric_type, channel, value}`.

        `conversations_started`, `messages_guest|concierge|staff`, `turns_by_rung.<rung>`, `handoffs`, `requests`. A
        conversation without any message is not counted; a request without a conversation has the channel "staff".
        """
        named: tuple[tuple[str, Executable], ...] = (
            ("conversations_started", _CONVERSATIONS),
            ("messages_{what}", _MESSAGES),
            ("turns_by_rung.{what}", _RUNGS),
            ("handoffs", _HANDOFFS),
            ("requests", _REQUESTS),
        )
        counts: list[dict[str, Any]] = []
        for name, statement in named:
            rows = await self._in.rows(statement, tenant=tenant, start=start, end=end)
            counts += [_count(name, row) for row in rows]
        return counts

    async def purge(self, tenant: TenantId, before_date: str) -> int:
        """Forget figures of days before `before_date` (ISO); how many."""
        return await self._in.run(_PURGE, {"tenant": tenant, "before": before_date})


def _count(name: str, row: Row[Any]) -> dict[str, Any]:
    what = row._mapping.get("what", "")
    return {"metric_type": name.format(what=what), "channel": row.channel, "value": float(row.number)}

"""Messages of a conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from concierge_core.domain.conversation import Author, Message
from concierge_core.domain.ids import ConversationId, MessageId, StaffId, TenantId, TurnId
from concierge_core.domain.understanding import Provenance, Rung, Sentiment, Source, Understanding, Urgency
from concierge_core.storage.schema import Message as MessageRow
from concierge_core.storage.schema import table
from concierge_core.storage.transaction import Transaction

_messages = table(MessageRow)

_ADD = insert(_messages)
_BY_CLIENT_ID = select(_messages).where(
    _messages.c.tenant_id == bindparam("tenant"),
    _messages.c.conversation_id == bindparam("conversation"),
    _messages.c.client_id == bindparam("client"),
)
_AFTER = (
    select(_messages)
    .where(
        _messages.c.tenant_id == bindparam("tenant"),
        _messages.c.conversation_id == bindparam("conversation"),
        _messages.c.seq > bindparam("after"),
    )
    .order_by(_messages.c.seq)
    .limit(bindparam("most"))
)
_NEWEST = (
    select(_messages)
    .where(_messages.c.tenant_id == bindparam("tenant"), _messages.c.conversation_id == bindparam("conversation"))
    .order_by(_messages.c.seq.desc())
    .limit(bindparam("most"))
)
_UNDERSTOOD = update(_messages).where(
    _messages.c.tenant_id == bindparam("tenant"),
    _messages.c.conversation_id == bindparam("conversation"),
    _messages.c.seq == bindparam("number"),
)


class SqlMessages:
    """The part of `ports.Conversations` that is about messages. Their text is sealed."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def add_message(self, tenant: TenantId, message: Message) -> None:
        """`Conflict` when its number or client id is taken: the conversation was not locked."""
        await self._in.run(_ADD, self._message_values(tenant, message))

    async def message_by_client_id(
        self, tenant: TenantId, conversation_id: ConversationId, client_id: str
    ) -> Message | None:
        """The message that its sender numbered so."""
        row = await self._in.first(_BY_CLIENT_ID, tenant=tenant, conversation=conversation_id, client=client_id)
        return self._message(tenant, row) if row is not None else None

    async def messages(
        self, tenant: TenantId, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 200
    ) -> list[Message]:
        """In order of `seq`, those with `seq > after_seq`."""
        rows = await self._in.rows(_AFTER, tenant=tenant, conversation=conversation_id, after=after_seq, most=limit)
        return [self._message(tenant, row) for row in rows]

    async def last_messages(self, tenant: TenantId, conversation_id: ConversationId, *, limit: int) -> list[Message]:
        """The newest `limit` messages, in order of `seq`."""
        rows = await self._in.rows(_NEWEST, tenant=tenant, conversation=conversation_id, most=limit)
        return [self._message(tenant, row) for row in reversed(rows)]

    async def understood(
        self, tenant: TenantId, conversation_id: ConversationId, seq: int, understanding: Understanding
    ) -> None:
        """Note what was understood of the guest's message `seq`."""
        place = {"tenant": tenant, "conversation": conversation_id, "number": seq}
        await self._in.run(_UNDERSTOOD, place | _understanding_values(understanding))

    def _message_values(self, tenant: TenantId, message: Message) -> dict[str, Any]:
        keys, origin = self._in.keys, message.provenance
        quick = json.dumps(origin.quick_replies, ensure_ascii=False) if origin and origin.quick_replies else None
        return {
            "tenant_id": tenant,
            "id": message.id,
            "conversation_id": message.conversation_id,
            "seq": message.seq,
            "sender_type": message.author.value,
            "content": keys.seal(tenant, "messages.content", message.id, message.text),
            "client_id": message.client_id,
            "turn_id": message.turn_id,
            "staff_id": message.staff_id,
            "staff_name": message.staff_name,
            **_understanding_values(message.understanding),
            "rung": origin.rung.value if origin else None,
            "model": origin.model if origin else None,
            "reply_confidence": origin.confidence if origin else None,
            "sources": _sources_json(origin.sources) if origin and origin.sources else None,
            "quick_replies": keys.seal(tenant, "messages.quick_replies", message.id, quick) if quick else None,
            "input_tokens": origin.input_tokens if origin else 0,
            "output_tokens": origin.output_tokens if origin else 0,
            "created_at": message.created_at,
        }

    def _message(self, tenant: TenantId, row: Row[Any]) -> Message:
        return Message(
            id=MessageId(row.id),
            conversation_id=ConversationId(row.conversation_id),
            seq=row.seq,
            author=Author(row.sender_type),
            text=self._in.keys.open(tenant, "messages.content", row.id, row.content),
            created_at=row.created_at,
            client_id=row.client_id,
            turn_id=TurnId(row.turn_id) if row.turn_id else None,
            staff_id=StaffId(row.staff_id) if row.staff_id else None,
            staff_name=row.staff_name,
            understanding=_understanding(row),
            provenance=self._provenance(tenant, row),
        )

    def _provenance(self, tenant: TenantId, row: Row[Any]) -> Provenance | None:
        if row.rung is None:
            return None
        quick = row.quick_replies
        opened = json.loads(self._in.keys.open(tenant, "messages.quick_replies", row.id, quick)) if quick else ()
        return Provenance(
            rung=Rung(row.rung),
            model=row.model,
            confidence=row.reply_confidence,
            sources=tuple(_source(s) for s in row.sources or ()),
            quick_replies=tuple(opened),
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
        )


def _understanding_values(understanding: Understanding | None) -> dict[str, Any]:
    return {
        "intent": understanding.intent if understanding else None,
        "confidence": understanding.confidence if understanding else None,
        "sentiment": understanding.sentiment.value if understanding else None,
        "language": understanding.language if understanding else None,
        "urgency": understanding.urgency.value if understanding else None,
    }


def _understanding(row: Row[Any]) -> Understanding | None:
    if row.intent is None:
        return None
    return Understanding(row.intent, row.confidence, Sentiment(row.sentiment), row.language, Urgency(row.urgency))


def _sources_json(sources: Sequence[Source]) -> list[dict[str, Any]]:
    return [
        {"id": s.article_id, "title": s.title, "updated_at": s.updated_at.isoformat() if s.updated_at else None}
        for s in sources
    ]


def _source(stored: dict[str, Any]) -> Source:
    updated = stored["updated_at"]
    return Source(stored["id"], stored["title"], datetime.fromisoformat(updated) if updated else None)

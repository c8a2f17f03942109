"""The tables. The seed's names and columns are kept: users, conversations, messages, analytics.

Every table is keyed by the tenant first. Columns that are called *sealed* hold text encrypted by `concierge_core.keys`
and are never compared; what must be found is beside them as a keyed hash. Guest text is in sealed columns only, never
in outbox, audit or analytics.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Float,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from concierge_core.storage.column_types import Json
from concierge_core.storage.house_schema import (
    AnalyticsRow,
    Article,
    AuditRow,
    CallStep,
    CounterRow,
    LeaseRow,
    OutboxRow,
    SettingRow,
    StaffRow,
    StaffSession,
)
from concierge_core.storage.model import (
    Code,
    Hash,
    Id,
    Model,
    Number,
    Reference,
    Sealed,
    Tenant,
    Time,
    table,
)

__all__ = [
    "AnalyticsRow",
    "Article",
    "AuditRow",
    "CallStep",
    "Conversation",
    "CounterRow",
    "LeaseRow",
    "Message",
    "Model",
    "OutboxRow",
    "Request",
    "SettingRow",
    "StaffRow",
    "StaffSession",
    "ToolCall",
    "Turn",
    "User",
    "table",
]


class User(Model):
    """A guest. The seed calls them users; `session_id` is the keyed hash of the session's token."""

    __tablename__ = "users"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    session_id: Mapped[Hash | None]
    name: Mapped[Sealed | None]
    email: Mapped[Sealed | None]
    phone: Mapped[Sealed | None]
    room_number: Mapped[Sealed | None]
    email_hash: Mapped[Hash | None]
    phone_hash: Mapped[Hash | None]
    guest_type: Mapped[Code | None]
    language: Mapped[Code | None]
    verification: Mapped[int] = mapped_column(SmallInteger)
    consent_follow_up: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Time]
    __table_args__ = (
        UniqueConstraint("tenant_id", "session_id"),
        Index(None, "tenant_id", "email_hash", "created_at"),
        Index(None, "tenant_id", "phone_hash", "created_at"),
    )


class Conversation(Model):
    """One thread. `status` is derived from ownership and staff, stored so that the inbox can ask for it."""

    __tablename__ = "conversations"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    user_id: Mapped[Reference]
    channel: Mapped[Code]
    status: Mapped[Code]
    ownership: Mapped[Code]
    priority: Mapped[Code]
    category: Mapped[Code | None]
    sentiment: Mapped[Code | None]
    language: Mapped[Code]
    staff_id: Mapped[Reference | None]
    handoff_reason: Mapped[Code | None]
    waiting_since: Mapped[Time | None]
    accept_by: Mapped[Time | None]
    last_seq: Mapped[Number]
    context_from_seq: Mapped[Number]
    guest_read_seq: Mapped[Number]
    staff_read_seq: Mapped[Number]
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[Time]
    updated_at: Mapped[Time]
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"]),
        Index(None, "tenant_id", "user_id", "updated_at"),
        Index(None, "tenant_id", "updated_at"),
        Index(None, "tenant_id", "status", "updated_at"),
        Index(None, "tenant_id", "created_at"),
        Index(
            "ix_conversations_waiting",
            "tenant_id",
            "accept_by",
            sqlite_where=text("accept_by IS NOT NULL"),
            postgresql_where=text("accept_by IS NOT NULL"),
        ),
    )


class Message(Model):
    """One message. `confidence` is of the understanding, `reply_confidence` of the concierge's answer."""

    __tablename__ = "messages"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    conversation_id: Mapped[Reference]
    seq: Mapped[Number]
    sender_type: Mapped[Code]
    content: Mapped[Sealed]
    client_id: Mapped[Code | None]
    turn_id: Mapped[Reference | None]
    staff_id: Mapped[Reference | None]
    staff_name: Mapped[str | None] = mapped_column(String(200))
    intent: Mapped[Code | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    sentiment: Mapped[Code | None]
    language: Mapped[Code | None]
    urgency: Mapped[Code | None]
    rung: Mapped[Code | None]
    model: Mapped[str | None] = mapped_column(String(100))
    reply_confidence: Mapped[float | None] = mapped_column(Float)
    sources: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    quick_replies: Mapped[Sealed | None]
    input_tokens: Mapped[Number]
    output_tokens: Mapped[Number]
    created_at: Mapped[Time]
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"], ["conversations.tenant_id", "conversations.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("tenant_id", "conversation_id", "seq"),
        Index(
            "uq_messages_client_id",
            "tenant_id",
            "conversation_id",
            "client_id",
            unique=True,
            sqlite_where=text("client_id IS NOT NULL"),
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        Index(None, "tenant_id", "created_at"),
    )


class Turn(Model):
    """A reply that is owed, being made, or given. At most one of a conversation is running."""

    __tablename__ = "turns"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    conversation_id: Mapped[Reference]
    first_seq: Mapped[Number]
    last_seq: Mapped[Number]
    state: Mapped[Code]
    attempt: Mapped[Number]
    holder: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[Time | None]
    shown_at: Mapped[Time | None]
    finished_at: Mapped[Time | None]
    traceparent: Mapped[Code | None]
    created_at: Mapped[Time]
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"], ["conversations.tenant_id", "conversations.id"], ondelete="CASCADE"
        ),
        Index(
            "uq_turns_running",
            "tenant_id",
            "conversation_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "ix_turns_open",
            "tenant_id",
            "state",
            "created_at",
            sqlite_where=text("state IN ('owed', 'running')"),
            postgresql_where=text("state IN ('owed', 'running')"),
        ),
        Index(None, "tenant_id", "conversation_id", "last_seq"),
    )


class ToolCall(Model):
    """What a tool returned within a turn, so that another attempt does not act twice."""

    __tablename__ = "tool_journal"
    tenant_id: Mapped[Tenant]
    turn_id: Mapped[Id]
    call_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[Code]
    result: Mapped[Sealed]
    created_at: Mapped[Time]
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "turn_id"], ["turns.tenant_id", "turns.id"], ondelete="CASCADE"),
    )


class Request(Model):
    """Work for a department; `number` is what people say to each other."""

    __tablename__ = "service_requests"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    number: Mapped[Number]
    department: Mapped[Code]
    kind: Mapped[Code]
    summary: Mapped[Sealed]
    room_number: Mapped[Sealed | None]
    state: Mapped[Code]
    priority: Mapped[Code]
    created_by: Mapped[Code]
    conversation_id: Mapped[Reference | None]
    guest_id: Mapped[Reference | None]
    assignee_id: Mapped[Reference | None]
    due_at: Mapped[Time | None]
    created_at: Mapped[Time]
    updated_at: Mapped[Time]
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"], ["conversations.tenant_id", "conversations.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "conversation_id"),
        Index(None, "tenant_id", "guest_id"),
        Index(None, "tenant_id", "state", "created_at"),
        Index(None, "tenant_id", "created_at"),
    )

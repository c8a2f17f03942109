"""The tables. The seed's names and columns are kept: users, conversations, messages, analytics.

Every table is keyed by the tenant first. Columns that are called *sealed* hold text encrypted by `concierge_core.keys`
and are never compared; what must be found is beside them as a keyed hash. Guest text is in sealed columns only, never
in outbox, audit or analytics.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import (
    Boolean,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from concierge_core.storage.column_types import Json, JsonValue, RowNumber, UtcDateTime

# Fixed names, so that a migration can name what it changes on either database.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Tenant = Annotated[str, mapped_column(String(40), primary_key=True)]
Id = Annotated[str, mapped_column(String(32), primary_key=True)]
Reference = Annotated[str, mapped_column(String(32))]
Code = Annotated[str, mapped_column(String(80))]
Sealed = Annotated[str, mapped_column(Text)]
Hash = Annotated[str, mapped_column(String(80))]
Time = Annotated[datetime, mapped_column(UtcDateTime)]
JsonObject = Annotated[dict[str, Any], mapped_column(Json)]
Number = Annotated[int, mapped_column(Integer)]


class Model(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(naming_convention=_NAMES)


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


class OutboxRow(Model):
    """Events to tell (`kind` is the event's) and work to do (`kind` is "task"). Ids and codes only."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[Code]
    payload: Mapped[JsonObject]
    position: Mapped[int | None] = mapped_column(RowNumber)
    sent_at: Mapped[Time | None]
    done_at: Mapped[Time | None]
    created_at: Mapped[Time]
    __table_args__ = (
        Index(
            "uq_outbox_position",
            "tenant_id",
            "position",
            unique=True,
            sqlite_where=text("position IS NOT NULL"),
            postgresql_where=text("position IS NOT NULL"),
        ),
        Index(
            "ix_outbox_unpositioned",
            "tenant_id",
            "id",
            sqlite_where=text("position IS NULL AND kind <> 'task'"),
            postgresql_where=text("position IS NULL AND kind <> 'task'"),
        ),
        Index(
            "ix_outbox_open_tasks",
            "tenant_id",
            "id",
            sqlite_where=text("done_at IS NULL AND kind = 'task'"),
            postgresql_where=text("done_at IS NULL AND kind = 'task'"),
        ),
        Index(None, "tenant_id", "created_at"),
        {"sqlite_autoincrement": True},
    )


class Article(Model):
    """Knowledge. Not sealed: it is what the property tells every guest."""

    __tablename__ = "articles"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(200))
    origin: Mapped[Code]
    texts: Mapped[JsonObject]
    content_hash: Mapped[str] = mapped_column(String(128))
    topic: Mapped[Code | None]
    department: Mapped[Code | None]
    verbatim: Mapped[bool] = mapped_column(Boolean)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    overridden_hash: Mapped[str | None] = mapped_column(String(128))
    updated_by: Mapped[Reference | None]
    updated_at: Mapped[Time]
    __table_args__ = (UniqueConstraint("tenant_id", "slug", "origin"),)


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


class StaffRow(Model):
    """Accounts of staff. `email_key` is the address as it is compared."""

    __tablename__ = "staff"
    tenant_id: Mapped[Tenant]
    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Code]
    password_hash: Mapped[str | None] = mapped_column(String(300))
    active: Mapped[bool] = mapped_column(Boolean)
    language: Mapped[Code]
    created_at: Mapped[Time]
    __table_args__ = (UniqueConstraint("tenant_id", "email_key"),)


class StaffSession(Model):
    """Sessions of staff, while Redis is away; `id` is the keyed hash of the cookie's token."""

    __tablename__ = "staff_sessions"
    tenant_id: Mapped[Tenant]
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    data: Mapped[Sealed]
    expires_at: Mapped[Time]
    __table_args__ = (Index(None, "tenant_id", "expires_at"),)


class AuditRow(Model):
    """Who did what. Append-only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(String(40))
    actor: Mapped[Code]
    action: Mapped[Code]
    subject: Mapped[Code]
    details: Mapped[JsonObject]
    created_at: Mapped[Time]
    __table_args__ = (
        Index(None, "tenant_id", "id"),
        Index(None, "tenant_id", "action", "created_at"),
        {"sqlite_autoincrement": True},
    )


class SettingRow(Model):
    """A setting that staff overrode, beside a hash of the declared value it was made against."""

    __tablename__ = "tenant_settings"
    tenant_id: Mapped[Tenant]
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonValue)
    declared_hash: Mapped[str] = mapped_column(String(128))
    updated_by: Mapped[Reference]
    updated_at: Mapped[Time]


class AnalyticsRow(Model):
    """The seed's analytics: one figure per metric, channel, date and hour of the property's time zone."""

    __tablename__ = "analytics"
    tenant_id: Mapped[Tenant]
    date: Mapped[str] = mapped_column(String(10), primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    metric_type: Mapped[str] = mapped_column(String(80), primary_key=True)
    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    metric_value: Mapped[float] = mapped_column(Float)


class LeaseRow(Model):
    """Who may do what must run once, until when."""

    __tablename__ = "leases"
    tenant_id: Mapped[Tenant]
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    until: Mapped[Time]


class CounterRow(Model):
    """Numbers that a tenant counts without gaps: service requests, outbox positions, versions of the knowledge."""

    __tablename__ = "counters"
    tenant_id: Mapped[Tenant]
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(RowNumber)


class CallStep(Model):
    """What a step of a phone call was answered; ids and numbers only."""

    __tablename__ = "call_steps"
    tenant_id: Mapped[Tenant]
    call_sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(80), primary_key=True)
    answer: Mapped[JsonObject]
    created_at: Mapped[Time]
    __table_args__ = (Index(None, "tenant_id", "created_at"),)


def table(model: type[Model]) -> Table:
    """The model's table, for statements."""
    found = model.__table__
    assert isinstance(found, Table)
    return found

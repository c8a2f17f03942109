"""The tables that are not about one guest: events and work, knowledge, staff, figures, bookkeeping."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Float,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from concierge_core.storage.column_types import JsonValue, RowNumber
from concierge_core.storage.model import (
    Code,
    Id,
    JsonObject,
    Model,
    Reference,
    Sealed,
    Tenant,
    Time,
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

"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "analytics",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("hour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("metric_type", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("metric_value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "date", "hour", "metric_type", "channel", name="pk_analytics"),
    )
    op.create_table(
        "articles",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("texts", _JSON, nullable=False),
        sa.Column("content_hash", sa.String(length=128), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("verbatim", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("overridden_hash", sa.String(length=128), nullable=True),
        sa.Column("updated_by", sa.String(length=32), nullable=True),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_articles"),
        sa.UniqueConstraint("tenant_id", "slug", "origin", name="uq_articles_tenant_id_slug_origin"),
    )
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_audit_tenant_id_action_created_at", "audit", ["tenant_id", "action", "created_at"], unique=False
    )
    op.create_index("ix_audit_tenant_id_id", "audit", ["tenant_id", "id"], unique=False)
    op.create_table(
        "call_steps",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("answer", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "call_sid", "step", name="pk_call_steps"),
    )
    op.create_index("ix_call_steps_tenant_id_created_at", "call_steps", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_counters"),
    )
    op.create_table(
        "leases",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_leases"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("position", _NUMBER, nullable=True),
        sa.Column("sent_at", _TIME, nullable=True),
        sa.Column("done_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_open_tasks",
        "outbox",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL AND kind = 'task'"),
        postgresql_where=sa.text("done_at IS NULL AND kind = 'task'"),
    )
    op.create_index("ix_outbox_tenant_id_created_at", "outbox", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        "ix_outbox_unpositioned",
        "outbox",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("position IS NULL AND kind <> 'task'"),
        postgresql_where=sa.text("position IS NULL AND kind <> 'task'"),
    )
    op.create_index(
        "uq_outbox_position",
        "outbox",
        ["tenant_id", "position"],
        unique=True,
        sqlite_where=sa.text("position IS NOT NULL"),
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_table(
        "staff",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=200), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_staff"),
        sa.UniqueConstraint("tenant_id", "email_key", name="uq_staff_tenant_id_email_key"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_staff_sessions"),
    )
    op.create_index(
        "ix_staff_sessions_tenant_id_expires_at", "staff_sessions", ["tenant_id", "expires_at"], unique=False
    )
    op.create_table(
        "tenant_settings",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", _JSON, nullable=False),
        sa.Column("declared_hash", sa.String(length=128), nullable=False),
        sa.Column("updated_by", sa.String(length=32), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_tenant_settings"),
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=80), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("room_number", sa.Text(), nullable=True),
        sa.Column("email_hash", sa.String(length=80), nullable=True),
        sa.Column("phone_hash", sa.String(length=80), nullable=True),
        sa.Column("guest_type", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=200), nullable=True),
        sa.Column("verification", sa.SmallInteger(), nullable=False),
        sa.Column("consent_follow_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_users"),
        sa.UniqueConstraint("tenant_id", "session_id", name="uq_users_tenant_id_session_id"),
    )
    op.create_index(
        "ix_users_tenant_id_email_hash_created_at", "users", ["tenant_id", "email_hash", "created_at"], unique=False
    )
    op.create_index(
        "ix_users_tenant_id_phone_hash_created_at", "users", ["tenant_id", "phone_hash", "created_at"], unique=False
    )
    op.create_table(
        "conversations",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("ownership", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("sentiment", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=200), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("handoff_reason", sa.String(length=200), nullable=True),
        sa.Column("waiting_since", _TIME, nullable=True),
        sa.Column("accept_by", _TIME, nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("context_from_seq", sa.Integer(), nullable=False),
        sa.Column("guest_read_seq", sa.Integer(), nullable=False),
        sa.Column("staff_read_seq", sa.Integer(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name="fk_conversations_users"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_tenant_id_created_at", "conversations", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        "ix_conversations_tenant_id_status_updated_at",
        "conversations",
        ["tenant_id", "status", "updated_at"],
        unique=False,
    )
    op.create_index("ix_conversations_tenant_id_updated_at", "conversations", ["tenant_id", "updated_at"], unique=False)
    op.create_index(
        "ix_conversations_tenant_id_user_id_updated_at",
        "conversations",
        ["tenant_id", "user_id", "updated_at"],
        unique=False,
    )
    op.create_index(
        "ix_conversations_waiting",
        "conversations",
        ["tenant_id", "accept_by"],
        unique=False,
        sqlite_where=sa.text("accept_by IS NOT NULL"),
        postgresql_where=sa.text("accept_by IS NOT NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sender_type", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=True),
        sa.Column("turn_id", sa.String(length=32), nullable=True),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("staff_name", sa.String(length=200), nullable=True),
        sa.Column("intent", sa.String(length=200), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("sentiment", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=200), nullable=True),
        sa.Column("urgency", sa.String(length=200), nullable=True),
        sa.Column("rung", sa.String(length=200), nullable=True),
        sa.Column("model", sa.String(length=100), nullable=True),
        sa.Column("reply_confidence", sa.Float(), nullable=True),
        sa.Column("sources", _JSON, nullable=True),
        sa.Column("quick_replies", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.id"],
            name="fk_messages_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_messages"),
        sa.UniqueConstraint("tenant_id", "conversation_id", "seq", name="uq_messages_tenant_id_conversation_id_seq"),
    )
    op.create_index("ix_messages_tenant_id_created_at", "messages", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        "uq_messages_client_id",
        "messages",
        ["tenant_id", "conversation_id", "client_id"],
        unique=True,
        sqlite_where=sa.text("client_id IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )
    op.create_table(
        "service_requests",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("room_number", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("guest_id", sa.String(length=32), nullable=True),
        sa.Column("assignee_id", sa.String(length=32), nullable=True),
        sa.Column("due_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.id"],
            name="fk_service_requests_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_service_requests"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_service_requests_tenant_id_number"),
    )
    op.create_index(
        "ix_service_requests_tenant_id_conversation_id",
        "service_requests",
        ["tenant_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "ix_service_requests_tenant_id_created_at", "service_requests", ["tenant_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_service_requests_tenant_id_guest_id", "service_requests", ["tenant_id", "guest_id"], unique=False
    )
    op.create_index(
        "ix_service_requests_tenant_id_state_created_at",
        "service_requests",
        ["tenant_id", "state", "created_at"],
        unique=False,
    )
    op.create_table(
        "turns",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("shown_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("traceparent", sa.String(length=200), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.id"],
            name="fk_turns_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_turns"),
    )
    op.create_index(
        "ix_turns_open",
        "turns",
        ["tenant_id", "state", "created_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('owed', 'running')"),
        postgresql_where=sa.text("state IN ('owed', 'running')"),
    )
    op.create_index(
        "ix_turns_tenant_id_conversation_id_last_seq",
        "turns",
        ["tenant_id", "conversation_id", "last_seq"],
        unique=False,
    )
    op.create_index(
        "uq_turns_running",
        "turns",
        ["tenant_id", "conversation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "tool_journal",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("turn_id", sa.String(length=32), nullable=False),
        sa.Column("call_key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "turn_id"], ["turns.tenant_id", "turns.id"], name="fk_tool_journal_turns", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "turn_id", "call_key", name="pk_tool_journal"),
    )


def downgrade() -> None:
    op.drop_table("tool_journal")
    op.drop_table("turns")
    op.drop_table("service_requests")
    op.drop_table("messages")
    op.drop_table("conversations")
    op.drop_table("users")
    op.drop_table("tenant_settings")
    op.drop_table("staff_sessions")
    op.drop_table("staff")
    op.drop_table("outbox")
    op.drop_table("leases")
    op.drop_table("counters")
    op.drop_table("call_steps")
    op.drop_table("audit")
    op.drop_table("articles")
    op.drop_table("analytics")

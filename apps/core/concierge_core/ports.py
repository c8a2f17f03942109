"""What the use cases need from the outside, as protocols: clock, store, fan-out, the concierge's mind.

Every repository method takes the tenant first and sees only that tenant's rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from concierge_core.ai_wire import ReplyEvent, ReplyRequest, UnderstandingRequest, Understood
from concierge_core.domain.conversation import Author, Channel, Conversation, Message
from concierge_core.domain.events import Event
from concierge_core.domain.ids import (
    ArticleId,
    ConversationId,
    GuestId,
    RequestId,
    StaffId,
    TenantId,
    TurnId,
)
from concierge_core.domain.knowledge import Article
from concierge_core.domain.people import Guest, SessionToken, Staff
from concierge_core.domain.requests import ServiceRequest
from concierge_core.domain.turns import Turn
from concierge_core.domain.understanding import Understanding


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Guests(Protocol):
    """Guests and their sessions. Tokens are stored as keyed hashes; contacts encrypted, findable by keyed hash."""

    async def add(self, tenant: TenantId, guest: Guest, session: SessionToken | None = None) -> None: ...
    async def save(self, tenant: TenantId, guest: Guest) -> None: ...
    async def get(self, tenant: TenantId, guest_id: GuestId) -> Guest | None: ...
    async def by_session(self, tenant: TenantId, session: SessionToken) -> Guest | None: ...
    async def by_phone(self, tenant: TenantId, phone: str) -> Guest | None: ...
    async def by_email(self, tenant: TenantId, email: str) -> Guest | None: ...


class Conversations(Protocol):
    """Conversations and their messages."""

    async def add(self, tenant: TenantId, conversation: Conversation) -> None: ...
    async def get(self, tenant: TenantId, conversation_id: ConversationId) -> Conversation | None: ...
    async def lock(self, tenant: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """As `get`, and nobody else changes it until this unit ends (SELECT … FOR UPDATE; on SQLite the write lock)."""
        ...

    async def save(self, tenant: TenantId, conversation: Conversation) -> None: ...
    async def latest_of_guest(
        self, tenant: TenantId, guest_id: GuestId, channel: Channel | None = None
    ) -> Conversation | None: ...
    async def add_message(self, tenant: TenantId, message: Message) -> None: ...
    async def message_by_client_id(
        self, tenant: TenantId, conversation_id: ConversationId, client_id: str
    ) -> Message | None: ...
    async def messages(
        self, tenant: TenantId, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 200
    ) -> list[Message]:
        """In order of `seq`, those with `seq > after_seq`."""
        ...

    async def last_messages(self, tenant: TenantId, conversation_id: ConversationId, *, limit: int) -> list[Message]:
        """The newest `limit` messages, in order of `seq`."""
        ...

    async def understood(
        self, tenant: TenantId, conversation_id: ConversationId, seq: int, understanding: Understanding
    ) -> None:
        """Note what was understood of the guest's message `seq`."""
        ...

    async def mark_read(self, tenant: TenantId, seen: Mapping[ConversationId, int], *, by: Author) -> int:
        """Raise what the guest, or staff, have seen, for each of the conversations; never past its last message.
        How many it has changed."""
        ...

    async def inbox(
        self,
        tenant: TenantId,
        *,
        statuses: Sequence[str] | None = None,
        staff_id: StaffId | None = None,
        limit: int = 50,
        before: datetime | None = None,
    ) -> list[Conversation]:
        """Newest change first; `statuses` are `Status` values."""
        ...

    async def counts_by_status(self, tenant: TenantId) -> dict[str, int]: ...
    async def waiting_past(self, tenant: TenantId, now: datetime, limit: int = 50) -> list[ConversationId]:
        """Hand-offs whose `accept_by` has passed."""
        ...

    async def idle_since(self, tenant: TenantId, before: datetime, limit: int = 200) -> list[ConversationId]:
        """Conversations without any change since `before`, whatever their state; oldest first."""
        ...

    async def delete(self, tenant: TenantId, conversation_ids: Sequence[ConversationId]) -> int:
        """For ever, with messages, turns, tool journal, their service requests, and guests who have none left."""
        ...


class Turns(Protocol):
    """Turns and the journal of their tools."""

    async def add(self, tenant: TenantId, turn: Turn) -> None: ...
    async def save(self, tenant: TenantId, turn: Turn) -> None: ...
    async def get(self, tenant: TenantId, turn_id: TurnId) -> Turn | None: ...
    async def open_of(self, tenant: TenantId, conversation_id: ConversationId) -> list[Turn]:
        """Owed and running turns of the conversation, oldest first."""
        ...

    async def renew(self, tenant: TenantId, turn_id: TurnId, *, attempt: int, holder: str, until: datetime) -> bool:
        """Extend the lease; False when the turn is no longer this holder's attempt."""
        ...

    async def mark_shown(self, tenant: TenantId, turn_id: TurnId, *, attempt: int, now: datetime) -> bool:
        """One conditional UPDATE: from now on the turn can't be superseded. False: it is no longer this attempt's."""
        ...

    async def abandoned(
        self, tenant: TenantId, *, now: datetime, owed_before: datetime, lease_horizon: datetime, limit: int = 20
    ) -> list[Turn]:
        """Turns to take over: owed since before `owed_before`, or running with a lease that ended before `now` or lies
        after `lease_horizon` (a clock set back)."""
        ...

    async def journalled(self, tenant: TenantId, turn_id: TurnId) -> dict[str, dict[str, Any]]:
        """Results of the tools that this turn has used, by call key."""
        ...

    async def journal(
        self, tenant: TenantId, turn_id: TurnId, call_key: str, name: str, result: dict[str, Any]
    ) -> None:
        """Note a tool's result in the same unit as its effect; a second note under the same key is a `Conflict`."""
        ...


class OutboxEntry(Protocol):
    """One stored event: `position` is given by the relay, tenant-wide, after the commit."""

    id: int
    position: int | None
    kind: str
    payload: dict[str, Any]
    created_at: datetime


class Outbox(Protocol):
    """Events to be told and work to be done, stored in the same transaction as their cause."""

    async def add(self, tenant: TenantId, event: Event) -> None: ...
    async def add_task(self, tenant: TenantId, name: str, arguments: dict[str, Any]) -> None:
        """Background work by Celery task name; arguments are ids only.

        The payload stored is `{"name", "arguments", "trace"}`; "trace" is filled by OpenTelemetry's `inject`, so that
        the worker's span joins the guest's trace.
        """
        ...

    async def unpositioned(self, tenant: TenantId, limit: int = 200) -> list[OutboxEntry]: ...
    async def give_positions(self, tenant: TenantId, entry_ids: Sequence[int]) -> list[int]:
        """Number the entries, in the order given, on from the tenant's last position."""
        ...

    async def after_position(self, tenant: TenantId, position: int, limit: int = 500) -> list[OutboxEntry]: ...
    async def last_position(self, tenant: TenantId) -> int: ...
    async def unsent_tasks(
        self, tenant: TenantId, limit: int = 100, *, sent_before: datetime | None = None
    ) -> list[OutboxEntry]:
        """Tasks never sent, oldest first; with `sent_before` also those sent before it and not done (lost)."""
        ...

    async def task_sent(self, tenant: TenantId, entry_id: int, now: datetime) -> None: ...
    async def task_done(self, tenant: TenantId, entry_id: int, now: datetime) -> bool:
        """One conditional UPDATE; False when it was done already."""
        ...

    async def open_tasks(self, tenant: TenantId) -> int:
        """How many tasks are not done."""
        ...

    async def task_open(self, tenant: TenantId, entry_id: int) -> bool:
        """The task exists and is not done."""
        ...

    async def purge(self, tenant: TenantId, before: datetime) -> int:
        """Events created before; tasks only when done (or created seven days before `before`)."""
        ...


class Articles(Protocol):
    """Knowledge. `effective` is what guests are answered from: staff overrides shadow declared articles."""

    async def effective(self, tenant: TenantId) -> list[Article]: ...
    async def all(self, tenant: TenantId) -> list[Article]: ...
    async def get(self, tenant: TenantId, article_id: ArticleId) -> Article | None: ...
    async def save(self, tenant: TenantId, article: Article) -> None: ...
    async def delete(self, tenant: TenantId, article_id: ArticleId) -> None: ...
    async def replace_declared(self, tenant: TenantId, articles: Sequence[Article]) -> int:
        """Make the declared articles exactly these (by slug and content hash); staff's stay. How many changed."""
        ...

    async def version(self, tenant: TenantId) -> str:
        """Changes whenever any article does; cheap to ask."""
        ...


class Requests(Protocol):
    """Service requests."""

    async def next_number(self, tenant: TenantId) -> int: ...
    async def add(self, tenant: TenantId, request: ServiceRequest) -> None: ...
    async def save(self, tenant: TenantId, request: ServiceRequest) -> None: ...
    async def get(self, tenant: TenantId, request_id: RequestId) -> ServiceRequest | None: ...
    async def listed(self, tenant: TenantId, *, open_only: bool = False, limit: int = 200) -> list[ServiceRequest]: ...
    async def of_conversation(self, tenant: TenantId, conversation_id: ConversationId) -> list[ServiceRequest]: ...


class StaffAccounts(Protocol):
    """Accounts and sessions of staff. Session ids are stored as keyed hashes."""

    async def add(self, tenant: TenantId, staff: Staff) -> None: ...
    async def save(self, tenant: TenantId, staff: Staff) -> None: ...
    async def get(self, tenant: TenantId, staff_id: StaffId) -> Staff | None: ...
    async def by_email(self, tenant: TenantId, email: str) -> Staff | None: ...
    async def listed(self, tenant: TenantId) -> list[Staff]: ...
    async def put_session(self, tenant: TenantId, token: str, data: dict[str, Any], expires_at: datetime) -> None: ...
    async def touch_session(self, tenant: TenantId, token: str, data: dict[str, Any], expires_at: datetime) -> bool:
        """Change a session that is still there; never makes one. False: it was dropped."""
        ...

    async def session(self, tenant: TenantId, token: str, now: datetime) -> dict[str, Any] | None: ...
    async def drop_session(self, tenant: TenantId, token: str) -> None: ...
    async def purge_sessions(self, tenant: TenantId, now: datetime) -> int:
        """Forget expired sessions."""
        ...


class Audit(Protocol):
    """Who did what, append-only. Never guest text."""

    async def add(
        self, tenant: TenantId, *, actor: str, action: str, subject: str, details: dict[str, Any], now: datetime
    ) -> None: ...
    async def entries(self, tenant: TenantId, limit: int = 200) -> list[dict[str, Any]]: ...
    async def purge(self, tenant: TenantId, before: datetime) -> int:
        """Forget entries older than the property keeps them."""
        ...


class TenantSettings(Protocol):
    """Settings that staff overrode: key → JSON value, beside a hash of the declared value it was made against."""

    async def overrides(self, tenant: TenantId) -> dict[str, dict[str, Any]]: ...
    async def put(
        self, tenant: TenantId, key: str, value: Any, *, declared_hash: str, by: StaffId, now: datetime
    ) -> None: ...
    async def drop(self, tenant: TenantId, key: str) -> None: ...


class Analytics(Protocol):
    """The seed's analytics table: additive figures per metric, channel, date and hour (property's time zone)."""

    async def put_hour(
        self, tenant: TenantId, *, metric_type: str, channel: str, date: str, hour: int, value: float
    ) -> None:
        """Set (not add): recomputing an hour is idempotent."""
        ...

    async def hours(self, tenant: TenantId, *, since_date: str) -> list[dict[str, Any]]: ...
    async def recount(self, tenant: TenantId, *, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Raw counts in [start, end) by metric_type and channel, from the tables themselves."""
        ...

    async def purge(self, tenant: TenantId, before_date: str) -> int:
        """Forget figures of days before `before_date` (ISO)."""
        ...


class Calls(Protocol):
    """What each step of a phone call was answered, so that a repeated webhook is answered alike, on any replica."""

    async def answer(self, tenant: TenantId, call_sid: str, step: str) -> dict[str, Any] | None: ...
    async def remember(
        self, tenant: TenantId, call_sid: str, step: str, answer: dict[str, Any], *, now: datetime
    ) -> bool:
        """Store the answer (ids and numbers, never guest text); False when this step was answered before."""
        ...

    async def purge(self, tenant: TenantId, before: datetime) -> int: ...


class Leases(Protocol):
    """Named leases, for the few things that must run once (relay, beat)."""

    async def acquire(self, tenant: TenantId, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew; False while another holder's lease lasts."""
        ...

    async def release(self, tenant: TenantId, name: str, *, holder: str) -> None: ...


class Unit(Protocol):
    """One transaction: everything done through it is committed together, or not at all."""

    guests: Guests
    conversations: Conversations
    turns: Turns
    outbox: Outbox
    articles: Articles
    requests: Requests
    staff: StaffAccounts
    audit: Audit
    settings: TenantSettings
    analytics: Analytics
    leases: Leases
    calls: Calls


class Store(Protocol):
    """The database."""

    def write(self) -> AbstractAsyncContextManager[Unit]:
        """A writing transaction (SQLite: BEGIN IMMEDIATE). Commits at the end of the block, rolls back on an error.

        Raises `Unavailable("database")` when the database is away and `Unavailable("storage")` when its disk is full.
        """
        ...

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A reading transaction. Same errors."""
        ...

    async def check(self) -> None:
        """Raises `Unavailable`, `NotMigrated` when guests can't be served."""

    async def close(self) -> None: ...


class Resync:
    """Read the database: something may have been missed. Also sent regularly while Redis is away."""


class Subscription(Protocol):
    """Events of one topic, from now on. Bounded: when the reader is too slow it is told to `Resync`."""

    def __aiter__(self) -> AsyncIterator[Event | Resync]: ...


class Broadcast(Protocol):
    """Fan-out within and between processes. Best effort: the database is the truth."""

    async def publish(self, tenant: TenantId, event: Event) -> None:
        """Tell all subscribers of the event's conversation and of the tenant. Never raises when Redis is away."""
        ...

    def subscribe(
        self, tenant: TenantId, conversation_id: ConversationId | None = None
    ) -> AbstractAsyncContextManager[Subscription]:
        """Events of one conversation, or of the whole tenant when None."""
        ...

    @property
    def connected(self) -> bool:
        """Redis is there (always true for the in-memory one)."""
        ...

    async def close(self) -> None: ...


class Concierge(Protocol):
    """The AI app, as its callers see it."""

    def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyEvent]:
        """Stream the reply. Raises `Unavailable("model")` when the AI app can't be reached or breaks off."""
        ...

    async def understand(self, request: UnderstandingRequest) -> Understood:
        """What a message means, without answering it. Raises `Unavailable("model")`."""
        ...

"""The store: units of work with all repositories over one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from concierge_core import ports
from concierge_core.errors import NotMigrated
from concierge_core.keys import Keyring
from concierge_core.settings import Settings
from concierge_core.storage.analytics import SqlAnalytics
from concierge_core.storage.articles import SqlArticles
from concierge_core.storage.audit import SqlAudit
from concierge_core.storage.calls import SqlCalls
from concierge_core.storage.connection import Connection, Database
from concierge_core.storage.conversations import SqlConversations
from concierge_core.storage.engine import open_database
from concierge_core.storage.guests import SqlGuests
from concierge_core.storage.leases import SqlLeases
from concierge_core.storage.outbox import SqlOutbox
from concierge_core.storage.requests import SqlRequests
from concierge_core.storage.revision import STORED_REVISION, is_enough
from concierge_core.storage.staff import SqlStaffAccounts
from concierge_core.storage.tenant_settings import SqlTenantSettings
from concierge_core.storage.transaction import Transaction
from concierge_core.storage.turns import SqlTurns


class SqlUnit:
    """`ports.Unit`: one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.guests: ports.Guests = SqlGuests(transaction)
        self.conversations: ports.Conversations = SqlConversations(transaction)
        self.turns: ports.Turns = SqlTurns(transaction)
        self.outbox: ports.Outbox = SqlOutbox(transaction)
        self.articles: ports.Articles = SqlArticles(transaction)
        self.requests: ports.Requests = SqlRequests(transaction)
        self.staff: ports.StaffAccounts = SqlStaffAccounts(transaction)
        self.audit: ports.Audit = SqlAudit(transaction)
        self.settings: ports.TenantSettings = SqlTenantSettings(transaction)
        self.analytics: ports.Analytics = SqlAnalytics(transaction)
        self.leases: ports.Leases = SqlLeases(transaction)
        self.calls: ports.Calls = SqlCalls(transaction)


class SqlStore:
    """`ports.Store` over SQLite or PostgreSQL. Belongs to the event loop that it was opened in."""

    def __init__(self, database: Database, *, keys: Keyring, clock: ports.Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    @property
    def keys(self) -> Keyring:
        """With which guests' text is sealed."""
        return self._keys

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlUnit]:
        """A writing transaction, durable when the block has ended without an error; else nothing of it happened.

        Raises `Unavailable("database")`, `Unavailable("storage")` (disk full), `Conflict`. After an error inside it
        the unit is over, on PostgreSQL at least: let the error out.
        """
        async with self._database.write() as connection:
            yield self._unit(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlUnit]:
        """A reading transaction: one picture of all that was committed before its first statement. Same errors."""
        async with self._database.read() as connection:
            yield self._unit(connection)

    async def check(self) -> None:
        """The database answers, and has all that this version needs. Raises `Unavailable`, `NotMigrated`.

        One that a newer version has migrated already is fine: migrations expand first and contract a release later.
        """
        async with self._database.read() as connection:
            rows = await connection.rows(STORED_REVISION)
        if not is_enough([row.version_num for row in rows]):
            raise NotMigrated

    async def close(self) -> None:
        """After the writers in line."""
        await self._database.close()

    def _unit(self, connection: Connection) -> SqlUnit:
        return SqlUnit(Transaction(connection, self._keys, self._clock))


async def open_store(settings: Settings, *, keys: Keyring, clock: ports.Clock) -> SqlStore:
    """The store that the settings name, in this process and event loop. It connects at first use."""
    return SqlStore(open_database(settings), keys=keys, clock=clock)

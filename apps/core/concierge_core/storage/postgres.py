"""PostgreSQL through psycopg's async connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import URL, Executable, Row, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from concierge_core.errors import Unavailable
from concierge_core.storage.connection import Connection, Parameters
from concierge_core.storage.failures import translated
from concierge_core.storage.pool_settings import PoolSettings

# A server that vanished without a word is noticed within seconds, also in the middle of a statement.
CONNECT_ARGUMENTS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "concierge",
}
_REST_SECONDS: Final = 1.0
log = structlog.get_logger()


class PostgresDatabase:
    """A PostgreSQL database and its pool. Use it in the event loop that it was made in."""

    def __init__(self, url: URL, *, pool: PoolSettings) -> None:
        self._engine = create_async_engine(
            url, pool_size=pool.pool_size, max_overflow=0, pool_recycle=1800, connect_args=CONNECT_ARGUMENTS
        )
        _ping_after_a_pause(self._engine)
        # Several statements of one reading unit must see one picture, as they do on SQLite.
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # First come, first served: the pool itself lets whoever comes back at once overtake those who wait.
        self._line = asyncio.Semaphore(pool.pool_size)
        self._patience = pool.pool_timeout_seconds

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """As `Database.write`."""
        async with self._opened(self._engine) as connection:
            yield _Open(connection, locks_rows=True)
            with translated():
                await connection.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """As `Database.read`."""
        async with self._opened(self._reading) as connection:
            yield _Open(connection, locks_rows=False)

    async def close(self) -> None:
        """As `Database.close`."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _opened(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection from the pool; what was not committed is rolled back at the end."""
        await self._wait_in_line()
        try:
            with translated():
                connection = await engine.connect()
            try:
                yield connection
            finally:
                with translated():
                    await connection.close()
        finally:
            self._line.release()

    async def _wait_in_line(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._line.acquire()
        except TimeoutError as error:
            log.warning("database_pool_exhausted", waited_seconds=self._patience)
            raise Unavailable("database") from error


def _ping_after_a_pause(engine: AsyncEngine) -> None:
    """Try a connection that has rested before it is used: after a restart of the server guests notice nothing.

    One used a moment ago is not tried: that would cost each unit one more exchange with the server. When one is found
    dead, SQLAlchemy renews the whole pool.
    """
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @event.listens_for(pool, "checkin")
    def note(_raw: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def try_out(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        rests_since = record.info.get("rests_since")
        if rests_since is None or time.monotonic() - rests_since < _REST_SECONDS:
            return
        try:
            dialect.do_ping(raw)
        except psycopg.Error as error:
            raise DisconnectionError from error


class _Open:
    """One open transaction."""

    def __init__(self, connection: AsyncConnection, *, locks_rows: bool) -> None:
        self._connection = connection
        self.locks_rows = locks_rows

    async def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """As `Connection.rows`."""
        with translated():
            return (await self._connection.execute(statement, parameters)).all()

    async def run(self, statement: Executable, parameters: Parameters = None) -> int:
        """As `Connection.run`."""
        if isinstance(parameters, Sequence) and not parameters:
            return 0
        with translated():
            return (await self._connection.execute(statement, parameters)).rowcount

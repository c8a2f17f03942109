"""PostgreSQL through psycopg's async connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import URL, Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

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


class PostgresDatabase:
    """A PostgreSQL database and its pool. Use it in the event loop that it was made in."""

    def __init__(self, url: URL, *, pool: PoolSettings) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=pool.pool_size,
            max_overflow=pool.pool_overflow,
            pool_timeout=pool.pool_timeout_seconds,
            pool_recycle=1800,
            pool_pre_ping=True,  # after a restart of the server guests notice nothing
            connect_args=CONNECT_ARGUMENTS,
        )
        # Several statements of one reading unit must see one picture, as they do on SQLite.
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """As `Database.write`."""
        async with _opened(self._engine) as connection:
            yield _Open(connection, locks_rows=True)
            with translated():
                await connection.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """As `Database.read`."""
        async with _opened(self._reading) as connection:
            yield _Open(connection, locks_rows=False)

    async def close(self) -> None:
        """As `Database.close`."""
        await self._engine.dispose()


@asynccontextmanager
async def _opened(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection from the pool; what was not committed is rolled back at the end."""
    with translated():
        connection = await engine.connect()
    try:
        yield connection
    finally:
        with translated():
            await connection.close()


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

"""Opens the database that the settings name."""

from __future__ import annotations

from concierge_core.settings import Settings
from concierge_core.storage.address import PostgresAddress, database_address
from concierge_core.storage.connection import Database
from concierge_core.storage.pool_settings import PoolSettings


def open_database(settings: Settings, *, pool: PoolSettings | None = None) -> Database:
    """Call it in the process and event loop that will use it: after a fork, never before. Connects at first use."""
    address, pool = database_address(settings), pool or PoolSettings()
    # Each driver is imported only where it is used: psycopg alone weighs 7 MB.
    if isinstance(address, PostgresAddress):
        from concierge_core.storage.postgres import PostgresDatabase

        return PostgresDatabase(address.url, pool=pool)
    from concierge_core.storage.sqlite import SqliteDatabase

    return SqliteDatabase(address.path, readers=pool.readers)

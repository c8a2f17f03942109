"""Opens the database that the settings name."""

from __future__ import annotations

from concierge_core.settings import Settings
from concierge_core.storage.address import PostgresAddress, database_address
from concierge_core.storage.connection import Database
from concierge_core.storage.pool_settings import PoolSettings
from concierge_core.storage.postgres import PostgresDatabase
from concierge_core.storage.sqlite import SqliteDatabase


def open_database(settings: Settings, *, pool: PoolSettings | None = None) -> Database:
    """Call it in the process and event loop that will use it: after a fork, never before. Connects at first use."""
    address, pool = database_address(settings), pool or PoolSettings()
    if isinstance(address, PostgresAddress):
        return PostgresDatabase(address.url, pool=pool)
    return SqliteDatabase(address.path, readers=pool.readers)

"""Brings the schema up to date: once, however many processes start together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from concierge_core.settings import Settings
from concierge_core.storage import sqlite_thread
from concierge_core.storage.address import SqliteAddress, database_address
from concierge_core.storage.failures import translated

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_PG_LOCK: Final = 0x436F6E63_69657267  # any number that is ours: "Concierg"
_WAIT_SECONDS: Final = 120
"""How long one process waits for another that migrates."""


def migrate(settings: Settings) -> None:
    """Run the migrations that the database lacks, all or none of them. Blocks; call it before the event loop, or by
    `asyncio.to_thread`.

    Raises `Unavailable`, `InvalidInput` (`database_url`).
    """
    from alembic import command  # here, because only this process at start needs Alembic's 10 MB

    engine = _engine(settings)
    try:
        with translated(), engine.connect() as connection, connection.begin():
            _take_turns(connection)
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def schema_is_current(settings: Settings) -> bool:
    """The database has exactly the schema that this version of the software was made for."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    address = database_address(settings)
    if isinstance(address, SqliteAddress) and not address.path.exists():
        return False
    engine = _engine(settings)
    try:
        with translated(), engine.connect() as connection:
            heads = set(MigrationContext.configure(connection).get_current_heads())
            return heads == set(ScriptDirectory.from_config(_config(connection)).get_heads())
    finally:
        engine.dispose()


def knows_revision(revision: str) -> bool:
    """This version of the software has the migration of that name: it can bring such tables up to date."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS))
    return revision in {script.revision for script in scripts.walk_revisions()}


def _engine(settings: Settings) -> sa.Engine:
    address = database_address(settings)
    if isinstance(address, SqliteAddress):
        address.path.parent.mkdir(parents=True, exist_ok=True)
        # The file holds password hashes and times of guests' visits: nobody else's business.
        address.path.touch(mode=0o600)
        return sqlite_thread.engine(address.path, busy_timeout_seconds=_WAIT_SECONDS)
    from concierge_core.storage.postgres import CONNECT_ARGUMENTS  # brings psycopg, which SQLite does without

    return sa.create_engine(address.url, poolclass=sa.NullPool, connect_args=CONNECT_ARGUMENTS)


def _take_turns(connection: sa.Connection) -> None:
    """Whoever comes second waits here, and then finds nothing left to do."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PG_LOCK})


def _config(connection: sa.Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

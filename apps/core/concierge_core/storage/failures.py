"""Errors of the two databases, told in the product's words.

Away (not reachable, restarting, locked for too long, damaged): `Unavailable("database")`. Without tables or columns
that this version has: `NotMigrated`. No room to write: `Unavailable("storage")`. A row that another transaction made at
the same moment: `Conflict`. All else is a defect of ours and stays what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy import exc

from concierge_core.errors import ConciergeError, Conflict, InvalidInput, NotMigrated, Unavailable

log = structlog.get_logger()

_SQLITE_PRIMARY: Final = 0xFF  # extended result codes carry the primary one in the low byte
_SQLITE_AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
_SQLITE_NOT_MIGRATED: Final = ("no such table", "no such column")
_PG_FULL: Final = "53100"
_PG_TOO_LONG: Final = "22001"
# Classes: connection exceptions, insufficient resources, operator intervention, system errors, transactions rolled back
# by deadlock or conflict; then: a lock not had in time, a read-only stand-by.
_PG_AWAY: Final = ("08", "53", "57", "58", "40", "55P03", "25006")
_PG_NOT_MIGRATED: Final = ("42P01", "42703")  # no such table, no such column


@contextmanager
def translated() -> Iterator[None]:
    """Raise the product's error in place of the driver's."""
    try:
        yield
    except (exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        told = translation(error)
        if told is None:
            raise
        raise told from error


def translation(error: BaseException) -> ConciergeError | None:
    """The product's error for the driver's; None when there is none."""
    if isinstance(error, exc.IntegrityError):
        return Conflict("another change was made at the same moment")
    if isinstance(error, exc.TimeoutError):
        return _away("pool", error)
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if isinstance(error, exc.DBAPIError):
        return _of_postgres(error)
    return _away("connect", error) if isinstance(error, OSError) else None


def _of_sqlite(error: sqlite3.Error) -> Unavailable | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Misuse found by the driver itself, e.g. "Cannot operate on a closed database."
        return _away("closed", error) if isinstance(error, sqlite3.ProgrammingError) else None
    if code & _SQLITE_PRIMARY == sqlite3.SQLITE_FULL:
        log.error("storage_full")
        return Unavailable("storage")
    if str(error).startswith(_SQLITE_NOT_MIGRATED):
        return _not_migrated("no such table or column")
    return _away(error.sqlite_errorname, error) if code & _SQLITE_PRIMARY in _SQLITE_AWAY else None


def _of_postgres(error: exc.DBAPIError) -> ConciergeError | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state == _PG_FULL:
        log.error("storage_full")
        return Unavailable("storage")
    if state in _PG_NOT_MIGRATED:
        return _not_migrated(state)
    if state == _PG_TOO_LONG:
        return InvalidInput("too_long", "a value is too long to be stored")
    if error.connection_invalidated or isinstance(error, exc.InterfaceError):
        return _away(state, error)
    if state is None:
        return _away(None, error) if isinstance(error, exc.OperationalError) else None
    return _away(state, error) if state.startswith(_PG_AWAY) else None


def _away(code: str | None, error: BaseException) -> Unavailable:
    # Never the text of the error: it repeats statements and parameters.
    log.warning("database_unavailable", code=code, error=type(error).__name__)
    return Unavailable("database")


def _not_migrated(code: str) -> NotMigrated:
    log.warning("database_not_migrated", code=code)
    return NotMigrated()

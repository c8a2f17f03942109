"""Where the database is, from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from concierge_core.errors import InvalidInput
from concierge_core.settings import Settings

FILE_NAME = "concierge.db"


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A file."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A server; the URL names psycopg as its driver."""

    url: URL


def database_address(settings: Settings) -> SqliteAddress | PostgresAddress:
    """`DATABASE_URL` (postgres://, postgresql://, sqlite:///), else a file in the data folder.

    Raises `InvalidInput` (`database_url`), without repeating the URL: it holds a password.
    """
    if settings.database_url is None:
        return SqliteAddress(settings.data_dir / FILE_NAME)
    try:
        url = make_url(settings.database_url.get_secret_value())
    except (ArgumentError, ValueError) as error:
        raise InvalidInput("database_url", "DATABASE_URL can't be read: write postgresql://user@host/name") from error
    kind = url.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return PostgresAddress(url.set(drivername="postgresql+psycopg"))
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return SqliteAddress(Path(url.database))
    raise InvalidInput("database_url", "DATABASE_URL names neither a postgresql:// server nor a sqlite:/// file")

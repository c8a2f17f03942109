"""The schema: what the migrations make is what the models say, and it is made once."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr

from concierge_core.clock import SystemClock
from concierge_core.errors import InvalidInput, NotMigrated, Unavailable
from concierge_core.keys import Keyring, MasterKey
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store, revision, schema_is_current
from concierge_core.storage.migration import _engine
from concierge_core.storage.schema import Model


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request, tmp_path) -> Settings:
    """Settings of a database without tables."""
    url = f"sqlite:///{tmp_path}/100%/a.db" if request.param == "sqlite" else None
    return Settings(data_dir=tmp_path, database_url=SecretStr(url or request.getfixturevalue("empty_postgres_url")))


def test_the_migrations_make_what_the_models_say(empty):
    migrate(empty)
    engine = _engine(empty)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Model.metadata) == []
        assert conditions_of_indexes(connection) == {
            i.name
            for t in Model.metadata.tables.values()
            for i in t.indexes
            if i.dialect_options["sqlite"]["where"] is not None
        }
    engine.dispose()


def conditions_of_indexes(connection: sa.Connection) -> set[str]:
    """Alembic does not compare them: which indexes have a WHERE."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    else:
        query = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'"
    return {row[0] for row in connection.execute(sa.text(query))}


def test_a_database_is_current_after_its_migration_only(empty):
    assert not schema_is_current(empty)
    migrate(empty)
    assert schema_is_current(empty)
    migrate(empty)
    assert schema_is_current(empty)


def test_processes_that_start_together_migrate_once(empty):
    code = (
        "from concierge_core.settings import Settings; from concierge_core.storage import migrate;"
        "migrate(Settings()); print('done')"
    )
    env = {"DATABASE_URL": empty.database_url.get_secret_value(), "PYTHONPATH": ":".join(sys.path)}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=100)[0].decode() for process in started]
    assert outputs == ["done\n"] * 3
    assert schema_is_current(empty)


async def test_a_fresh_data_folder_is_all_it_needs(tmp_path, keys, clock, make):
    settings = Settings(data_dir=tmp_path / "new" / "data", database_url=None)
    migrate(settings)
    store = await open_store(settings, keys=keys, clock=clock)
    async with store.write() as unit:
        await unit.guests.add(make.tenant, make.guest())
    await store.close()
    database = tmp_path / "new" / "data" / "concierge.db"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


async def test_before_the_migration_the_database_counts_as_away(empty, keys, clock, make):
    store = await open_store(empty, keys=keys, clock=clock)
    with pytest.raises(Unavailable, match="database"):
        async with store.read() as unit:
            await unit.articles.version(make.tenant)
    await store.close()


def test_plain_postgres_urls_are_understood(empty_postgres_url):
    settings = Settings(database_url=SecretStr(empty_postgres_url.replace("postgresql://", "postgres://")))
    migrate(settings)
    assert schema_is_current(settings)


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "geheim", "sqlite://", "sqlite:///:memory:", "://geheim"])
def test_another_database_is_refused_without_repeating_the_password(url):
    with pytest.raises(InvalidInput) as caught:
        migrate(Settings(database_url=SecretStr(url)))
    assert caught.value.code == "database_url"
    assert "geheim" not in str(caught.value)


def test_a_server_that_is_away_is_said_so(tmp_path: Path):
    with pytest.raises(Unavailable, match="database"):
        migrate(Settings(database_url=SecretStr(f"postgresql://nobody@/none?host={tmp_path}")))


async def test_a_database_that_is_not_as_far_as_this_version_is_not_ready_and_says_what_to_do(empty):
    store = await open_store(empty, keys=Keyring((MasterKey.generate(),)), clock=SystemClock())

    with pytest.raises(NotMigrated, match="run concierge-migrate"):
        await store.check()
    migrate(empty)
    await store.check()
    _say_revision(empty, "0000")
    with pytest.raises(NotMigrated):
        await store.check()
    _say_revision(empty, "9999")  # a newer version has been here, and this one still serves
    await store.check()

    await store.close()


def test_the_revision_that_a_version_needs_is_the_last_of_its_migrations():
    scripts = ScriptDirectory(str(Path(revision.__file__).parent / "migrations"))

    assert scripts.get_heads() == [revision.NEEDED]


def _say_revision(settings: Settings, number: str) -> None:
    engine = _engine(settings)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :number"), {"number": number})
    engine.dispose()

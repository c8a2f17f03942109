"""One SQLite connection on a thread of its own: statements go in, finished rows come back, one hop each.

The async drivers hop for each of cursor, execute, fetch and close; here the whole statement is one hop. Jobs run in the
order given, also after their caller was cancelled: so a rollback that is queued last always finds the connection quiet.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import Executable, Row

from concierge_core.errors import Unavailable
from concierge_core.storage.connection import Parameters
from concierge_core.storage.failures import translated

T = TypeVar("T")
BUSY_TIMEOUT_SECONDS: Final = 10
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL would lose acknowledged messages at a power failure
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-4096",  # KiB, for each of the connections
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement brought: rows if it returns any, and how many rows it changed."""

    rows: Sequence[Row[Any]]
    changed: int


class SqliteThread:
    """A thread with its connection. Both start with the first job; `close` ends them for good, and what is asked for
    after that fails with `Unavailable`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._engine = engine(path, read_only=read_only)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sa.Connection | None = None
        self._closed = False

    def statement(
        self, statement: Executable, parameters: Parameters = None, *, begin: bool = False
    ) -> asyncio.Future[Answer]:
        """Run one statement, whole; `begin`: open a reading transaction first."""
        return self._submit(partial(self._execute, statement, parameters, begin))

    def command(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run `work` with the raw connection: for BEGIN, COMMIT and their kin. It need not be awaited."""
        return self._submit(lambda: work(self._raw()))

    async def close(self) -> None:
        """After the jobs that are queued."""
        self._closed = True
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._jobs.put(self._drop_connection)
        self._jobs.put(None)
        await asyncio.to_thread(thread.join)

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._closed:
            # A new thread would share the queue with the one that is ending, and take its last word from it.
            future.set_exception(Unavailable("database"))
            return future
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="concierge-sqlite", daemon=True)
            self._thread.start()
        self._jobs.put(partial(self._deliver, loop, future, work))
        return future

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _deliver(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], work: Callable[[], T]) -> None:
        result: T | None = None
        failure: Exception | None = None
        try:
            with translated():
                result = work()
        except Exception as error:
            failure = error
            self._renew_connection()
        try:
            loop.call_soon_threadsafe(_answer, future, result, failure)
        except RuntimeError:
            pass  # the loop was closed under us: nobody waits any more

    def _execute(self, statement: Executable, parameters: Parameters, begin: bool) -> Answer:
        connection = self._open()
        if begin:
            self._raw().execute("BEGIN")
        result = connection.execute(statement, parameters)
        return Answer(result.all() if result.returns_rows else (), result.rowcount)

    def _open(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _raw(self) -> sqlite3.Connection:
        raw = self._open().connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw

    def _renew_connection(self) -> None:
        """After a failure that ended or prevented the transaction the next job finds a fresh connection."""
        connection = self._connection
        if connection is not None and (connection.invalidated or not self._raw().in_transaction):
            self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def engine(path: Path, *, read_only: bool = False, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> sa.Engine:
    """A plain engine for the file, in autocommit: whoever uses it says BEGIN and COMMIT."""
    made = sa.create_engine(
        f"sqlite+pysqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
        # `timeout` is SQLite's busy_timeout. One thread uses a connection at a time, not always the one that made it.
        connect_args={"check_same_thread": False, "timeout": busy_timeout_seconds},
    )
    pragmas = (*_PRAGMAS, "PRAGMA query_only=ON") if read_only else _PRAGMAS

    @sa.event.listens_for(made, "connect")
    def configure(raw: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            raw.execute(pragma)

    return made


def _answer(future: asyncio.Future[T], result: Any, failure: Exception | None) -> None:
    if future.done():
        return  # its reader was cancelled
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)

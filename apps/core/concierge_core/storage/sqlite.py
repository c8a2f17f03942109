"""SQLite: one writing connection whose users queue in memory, and a few reading ones.

Writers of one process never poll a busy database: they wait in line for the one connection. Those already in line when
a transaction ends share its commit, and so its one fsync; each lies in a savepoint of its own, so one that fails takes
nobody with it. Nobody goes on before that commit is durable.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Executable, Row

from concierge_core.errors import Unavailable
from concierge_core.storage.connection import Connection, Parameters
from concierge_core.storage.sqlite_thread import Answer, SqliteThread

LARGEST_BATCH: Final = 64
"""Transactions that share one commit at most: the first of them waits for the last."""


class SqliteDatabase:
    """A database file. `readers`: how many read at the same time."""

    def __init__(self, path: Path, *, readers: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _Writer(SqliteThread(path))
        self._threads = [SqliteThread(path, read_only=True) for _ in range(readers)]
        # The most recently used first: its cache is warm, and threads that are not needed never start.
        self._idle: asyncio.LifoQueue[SqliteThread] = asyncio.LifoQueue()
        for thread in reversed(self._threads):
            self._idle.put_nowait(thread)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """As `Database.write`."""
        async with self._writer.unit() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """As `Database.read`."""
        thread = await self._idle.get()
        connection = _Reading(thread)
        try:
            yield connection
        finally:
            if connection.begun:
                _unwatched(thread.command(_roll_back))
            self._idle.put_nowait(thread)

    async def close(self) -> None:
        """As `Database.close`."""
        await self._writer.close()
        for thread in self._threads:
            await thread.close()


class _Reading:
    """A reading transaction; it begins with its first statement, in the same hop."""

    locks_rows = False

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self.begun = False

    async def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """As `Connection.rows`."""
        begin, self.begun = not self.begun, True
        return (await self._thread.statement(statement, parameters, begin=begin)).rows

    async def run(self, statement: Executable, parameters: Parameters = None) -> int:
        """Refused: this is a reading transaction."""
        raise RuntimeError("a reading transaction can't change anything")


class _Writing:
    """A writing transaction, inside its savepoint."""

    locks_rows = False

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self.failure: Unavailable | None = None

    async def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """As `Connection.rows`."""
        return (await self._answer(statement, parameters)).rows

    async def run(self, statement: Executable, parameters: Parameters = None) -> int:
        """As `Connection.run`."""
        if isinstance(parameters, Sequence) and not parameters:
            return 0
        return (await self._answer(statement, parameters)).changed

    async def _answer(self, statement: Executable, parameters: Parameters) -> Answer:
        if self.failure is not None:
            # SQLite may have ended the transaction by itself: whatever followed would be committed alone.
            raise self.failure
        try:
            return await self._thread.statement(statement, parameters)
        except Unavailable as error:
            self.failure = error
            raise


class _Batch:
    """Transactions that share one commit. `durable` ends when it is there, or with what prevented it."""

    def __init__(self) -> None:
        self.members = 0
        self.durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.committer: asyncio.Task[None] | None = None

    def settle(self, failure: BaseException | None) -> None:
        """Tell the members."""
        if self.durable.done():
            return
        if failure is None:
            self.durable.set_result(None)
        else:
            self.durable.set_exception(failure)
            _unwatched(self.durable)


class _Writer:
    """The line in front of the writing connection."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self._line = asyncio.Lock()  # first come, first served
        self._inside: asyncio.Task[Any] | None = None
        self._batch: _Batch | None = None

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Connection]:
        """One writing transaction."""
        if self._inside is not None and self._inside is asyncio.current_task():
            raise RuntimeError("a writing transaction inside another one of the same task would wait for itself")
        async with self._line:
            self._inside = asyncio.current_task()
            try:
                batch = await self._enter()
                connection = _Writing(self._thread)
                try:
                    yield connection
                    if connection.failure is not None:
                        raise connection.failure
                except BaseException:
                    self._undo(batch)
                    raise
                self._leave(batch)
            finally:
                self._inside = None
        # Shielded: one cancelled member must not cancel the others' commit.
        await asyncio.shield(batch.durable)

    async def close(self) -> None:
        """After those in line."""
        async with self._line:
            if self._batch is not None:
                self._commit(self._batch)
            await self._thread.close()

    async def _enter(self) -> _Batch:
        if self._batch is not None and self._batch.members >= LARGEST_BATCH:
            self._commit(self._batch)
        if self._batch is not None:
            try:
                await self._open_unit(_join)
                return self._batch
            except Unavailable as failure:
                # SQLite gave the transaction up, and with it what the members did.
                self._batch.settle(failure)
                self._batch = None
        await self._open_unit(_begin)
        self._batch = _Batch()
        return self._batch

    async def _open_unit(self, opening: Callable[[sqlite3.Connection], None]) -> None:
        job = self._thread.command(opening)
        try:
            await asyncio.shield(job)
        except asyncio.CancelledError:
            # It is carried out nevertheless: the undoing is queued behind it.
            _unwatched(job)
            self._undo(self._batch or _Batch())
            raise

    def _leave(self, batch: _Batch) -> None:
        _unwatched(self._thread.command(_release))
        batch.members += 1
        if batch.committer is None:
            # Lines up behind those who wait now: they join this batch, whoever comes later does not.
            batch.committer = asyncio.create_task(self._commit_in_line(batch))

    def _undo(self, batch: _Batch) -> None:
        if batch.members:
            _unwatched(self._thread.command(_roll_back_unit))
        else:
            self._batch = None
            _unwatched(self._thread.command(_roll_back))

    async def _commit_in_line(self, batch: _Batch) -> None:
        try:
            async with self._line:
                if self._batch is batch:
                    self._commit(batch)
        except asyncio.CancelledError:
            batch.settle(Unavailable("database"))
            raise

    def _commit(self, batch: _Batch) -> None:
        """Queue the commit; what is queued later comes after it."""
        self._batch = None
        self._thread.command(_commit).add_done_callback(lambda done: batch.settle(done.exception()))


def _begin(raw: sqlite3.Connection) -> None:
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("SAVEPOINT unit")


def _join(raw: sqlite3.Connection) -> None:
    if not raw.in_transaction:
        raise Unavailable("database")
    raw.execute("SAVEPOINT unit")


def _release(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.execute("RELEASE unit")


def _roll_back_unit(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.execute("ROLLBACK TO unit")
        raw.execute("RELEASE unit")


def _roll_back(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def _commit(raw: sqlite3.Connection) -> None:
    if not raw.in_transaction:
        raise Unavailable("database")
    try:
        raw.execute("COMMIT")
    except sqlite3.Error:
        _roll_back(raw)
        raise


def _unwatched(future: asyncio.Future[Any]) -> None:
    """Nobody waits for this one: its failure shows at the commit."""
    future.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)

"""What a repository sees of the database: statements in, rows out, inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import Executable, Row

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Connection(Protocol):
    """One open transaction. All errors of the database are already those of `concierge_core.errors`."""

    @property
    def locks_rows(self) -> bool:
        """What is read here to be changed must be locked row by row; on SQLite the write lock covers everything."""
        ...

    async def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """Everything that the statement returns."""
        ...

    async def run(self, statement: Executable, parameters: Parameters = None) -> int:
        """How many rows an UPDATE or DELETE changed.

        A sequence of parameters runs it for each; an empty one does nothing.
        """
        ...


class Database(Protocol):
    """SQLite or PostgreSQL, open."""

    def write(self) -> AbstractAsyncContextManager[Connection]:
        """A writing transaction; durable when the block has ended without an error."""
        ...

    def read(self) -> AbstractAsyncContextManager[Connection]:
        """A reading transaction: one consistent picture of what was committed before."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

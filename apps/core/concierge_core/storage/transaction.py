"""What every repository works with: the open transaction, the keys, the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, Row, Select

from concierge_core.keys import Keyring
from concierge_core.ports import Clock
from concierge_core.storage.connection import Connection, Parameters


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction and what is needed to read and write its rows."""

    database: Connection
    keys: Keyring
    clock: Clock

    async def rows(self, statement: Executable, **parameters: Any) -> Sequence[Row[Any]]:
        """Everything that the statement returns."""
        return await self.database.rows(statement, parameters)

    async def first(self, statement: Executable, **parameters: Any) -> Row[Any] | None:
        """The first row, if any."""
        rows = await self.database.rows(statement, parameters)
        return rows[0] if rows else None

    async def to_change(self, statement: Select[Any], **parameters: Any) -> Sequence[Row[Any]]:
        """Rows that the caller may go on to change: nobody else changes them until this transaction ends.

        FOR NO KEY UPDATE, because messages and turns that are added meanwhile only refer to the row's key.
        """
        if self.database.locks_rows:
            statement = _locking(statement)
        return await self.database.rows(statement, parameters)

    async def run(self, statement: Executable, parameters: Mapping[str, Any]) -> int:
        """How many rows an UPDATE or DELETE changed (an INSERT's number is not known on every database)."""
        return await self.database.run(statement, parameters)

    async def run_each(self, statement: Executable, parameters: Parameters) -> int:
        """Once for each of the parameters, in one exchange; nothing for none."""
        return await self.database.run(statement, parameters)


@lru_cache(maxsize=64)
def _locking(statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update(key_share=True)

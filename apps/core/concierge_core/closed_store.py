"""The store of a house that is closed for the season: there is none, and none is missed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from concierge_core.errors import Unavailable
from concierge_core.ports import Unit


class ClosedStore:
    """`ports.Store` without a database: always well, and never to be read."""

    def write(self) -> AbstractAsyncContextManager[Unit]:
        """Raises `Unavailable("database")`."""
        return _nothing()

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """Raises `Unavailable("database")`."""
        return _nothing()

    async def check(self) -> None:
        """Nothing is needed, so nothing is missing."""

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def _nothing() -> AsyncIterator[Unit]:
    raise Unavailable("database")
    yield  # makes it a generator

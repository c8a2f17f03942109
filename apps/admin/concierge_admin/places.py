"""How many live connections may be open: each costs a socket and a queue, so both counts have a ceiling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from concierge_core.errors import TooMany

PER_SESSION = 6
IN_ALL = 300
_RETRY_SECONDS = 10.0


class Places:
    """Counts what is open in this process."""

    def __init__(self, *, per_session: int = PER_SESSION, in_all: int = IN_ALL) -> None:
        self._per_session = per_session
        self._in_all = in_all
        self._taken: Counter[str] = Counter()
        self.closing = False

    def close(self) -> None:
        """The process ends: let every live connection end within a second, and begin no new one."""
        self.closing = True

    def check(self, session: str) -> None:
        """Raise `TooMany` when there is no place left for this session."""
        full = self._taken[session] >= self._per_session or self._taken.total() >= self._in_all
        if full or self.closing:
            raise TooMany(_RETRY_SECONDS)

    @contextmanager
    def taken(self, session: str) -> Iterator[None]:
        """Hold a place for as long as the block lasts."""
        self._taken[session] += 1
        try:
            yield
        finally:
            self._taken[session] -= 1
            if self._taken[session] <= 0:
                del self._taken[session]

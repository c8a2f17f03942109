"""How long each part of the bench took, to be told at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

TAKEN: list[tuple[str, float]] = []
"""Name and seconds, in the order in which they ended."""


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Take the time of the block."""
    start = time.monotonic()
    try:
        yield
    finally:
        TAKEN.append((name, time.monotonic() - start))

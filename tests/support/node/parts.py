"""How long each part of the bench took, to be told at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Callable

TAKEN: list[tuple[str, float]] = []
"""Name and seconds, in the order in which they ended."""


def stopwatch() -> Callable[[str], None]:
    """Running from now on; call it with a part's name when the part has ended."""
    since = time.monotonic()

    def ended(name: str) -> None:
        nonlocal since
        now = time.monotonic()
        TAKEN.append((name, now - since))
        since = now

    return ended

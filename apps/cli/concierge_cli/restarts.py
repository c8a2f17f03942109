"""How soon a part that died is started again: at once the first time, then slower and slower, with jitter."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
"""A part that lived so long starts with a clean slate."""


@dataclass
class Restarts:
    """The deaths of one part."""

    jitter: Callable[[], float] = field(default=lambda: random.uniform(0.75, 1.25))  # noqa: S311  # spread, not secrecy
    _deaths: int = 0

    def pause_after(self, lived_seconds: float) -> float:
        """Seconds to wait before the next start."""
        if lived_seconds >= HEALTHY_AFTER_SECONDS:
            self._deaths = 0
        pause = min(FIRST_SECONDS * 2**self._deaths, LONGEST_SECONDS)
        if pause < LONGEST_SECONDS:
            self._deaths += 1
        return float(pause * self.jitter())

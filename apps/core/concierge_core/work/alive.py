"""Whether a process that serves no port is alive: it writes the time to a file, and `--alive` reads it.

Nothing but the standard library: the question is asked every few seconds, by a process of its own.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

BEAT_SECONDS = 5.0
LONGEST_SILENCE_SECONDS = 45.0
"""A pulse older than this is none: the process hangs, or is gone."""


class Pulse:
    """Of the process that calls itself `service`."""

    def __init__(self, folder: Path, service: str) -> None:
        self._file = folder / f"{service}.alive"
        self._next = self._file.with_suffix(".next")

    def beat(self) -> None:
        """Say that we are alive, by a clock that all processes of the machine share and nobody sets."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._next.write_text(f"{time.monotonic():.3f}", "ascii")
            self._next.replace(self._file)
        except OSError:
            pass  # a full disk must not end the work; it will be noticed by the silence

    def silence_seconds(self) -> float | None:
        """Since the last beat; None when there was none since the machine began."""
        try:
            silence = time.monotonic() - float(self._file.read_text("ascii"))
        except (OSError, ValueError):
            return None
        return silence if silence >= 0 else None


def ask(service: str, environment: Mapping[str, str] = os.environ) -> int:
    """The exit code for a probe: 0 alive, 1 not, and why on stderr."""
    silence = Pulse(folder_of(environment), service).silence_seconds()
    if silence is not None and silence <= LONGEST_SILENCE_SECONDS:
        return 0
    told = "has not begun yet" if silence is None else f"has been silent for {silence:.0f} s"
    print(f"concierge-{service} {told}", file=sys.stderr)
    return 1


def folder_of(environment: Mapping[str, str]) -> Path:
    """The data folder, as `Settings.data_dir` has it."""
    return Path(environment.get("CONCIERGE_DATA_DIR") or ".concierge")

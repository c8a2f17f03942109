"""The processes of a running `concierge up`, and the command itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from processes import family, runs


class Family:
    """A process and all that it has started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def members(self) -> list[int]:
        """Their process ids, the first one's included."""
        return [process.pid for process in family(self.pid)]

    def with_word(self, word: str) -> list[int]:
        """Its members but the first one, whose command has the word."""
        return [process.pid for process in family(self.pid) if word in process.command and process.pid != self.pid]

    @staticmethod
    def alive(pids: Iterable[int]) -> list[int]:
        """Those of them that run: not the dead whom nobody has reaped yet."""
        return [pid for pid in pids if runs(pid)]


@pytest.fixture
def family_of() -> type[Family]:
    return Family


@pytest.fixture
def concierge(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command to its end."""

    def run(*words: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "concierge_cli.main", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=timeout)

    return run


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until something holds."""

    def wait(holds: Callable[[], object], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.05)

    return wait

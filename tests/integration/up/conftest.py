"""The processes of a running `concierge up`, and the command itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


class Family:
    """A process and all that it has started, as /proc tells."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def members(self) -> dict[int, str]:
        """Process ids and command lines, the first one's included."""
        parents = {pid: _parent(pid) for pid in _pids()}
        found = {self.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return {pid: line for pid in sorted(found) if (line := _command_line(pid))}

    def with_word(self, word: str) -> list[int]:
        """Its members but the first one, whose command line has the word."""
        return [pid for pid, line in self.members().items() if word in line and pid != self.pid]

    @staticmethod
    def alive(pids: Iterable[int]) -> list[int]:
        """Those of them that run."""
        return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


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


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command_line(pid: int) -> str:
    """Empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""

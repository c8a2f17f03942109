"""Processes as the kernel sees them: a family, its memory, its processor time."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process and how it was called (shortened to what tells it apart)."""

    pid: int
    command: str


def family(root: int) -> list[Process]:
    """The process and all its descendants."""
    parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    members = {root}
    while grown := {pid for pid, parent in parents.items() if parent in members} - members:
        members |= grown
    return [Process(pid, _command(pid)) for pid in sorted(members)]


def runs(pid: int) -> bool:
    """It is there and isn't a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_mb(pid: int) -> dict[str, float]:
    """Resident and proportional memory in MB (10^6 bytes)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {name: int(line.split()[1]) for line in lines for name in ("Rss", "Pss") if line.startswith(f"{name}:")}
    return {"rss_mb": kilobytes["Rss"] * 1.024e-3, "pss_mb": kilobytes["Pss"] * 1.024e-3}


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Disk:
    """The disk as a process sees it. Its limit on the size of files stands for "no space left": every write to
    the database fails, and no root is needed (the error itself, SQLITE_FULL, is tested with the storage)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        _, self._hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        """No more room."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (0, self._hard))

    def make_room(self) -> None:
        """As much as before."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (self._hard, self._hard))


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return ""  # it has ended meanwhile
    if "-m" in words:
        return words[words.index("-m") + 1]
    return Path(words[0]).name

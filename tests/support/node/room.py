"""Where the node lives: namespaces of its own for network, mounts and processes, which end with the test process.

Whatever the node starts, mounts or routes is inside them. The kernel takes it all away when the first process of the
room ends, and that one ends when the test process does, however that one ended. What a kernel does not take away is
files and control groups: `left_by_an_earlier_run` removes those before the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

CGROUPS = Path("/sys/fs/cgroup")
"""Where the kernel shows control groups."""
_PATIENCE_SECONDS = 30
_LAST_CHARACTERS = 3000
# Each program keeps something in these that the machine's own must not see; the room has empty ones.
_PRIVATE = ("/run", "/var/log", "/var/lib")
_FIRST_PROCESS = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
print("open", flush=True)
while signal.sigwait({signal.SIGCHLD, signal.SIGTERM}) != signal.SIGTERM:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""


@dataclass
class Room:
    """An open one. `folder` is on the machine's disk and seen from inside at the same path."""

    folder: Path
    pid: int
    own_network: bool
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *command: str | Path, stdin: IO[bytes] | None = None) -> str:
        """Run a command inside, to its end; what it printed. A refusal fails with the command's own words."""
        done = subprocess.run(
            [*self.enter, *map(str, command)], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{said}"
        return said

    def start(self, name: str, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program inside that runs as long as the room is open; it writes `<name>.log`."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([*self.enter, *map(str, command)], stdout=log, stderr=log)
        self._started.append(process)
        return process

    def last_words(self, name: str) -> str:
        """The end of what a program has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-_LAST_CHARACTERS:]

    def until(self, what: str, *command: str | Path, seconds: float = 60) -> None:
        """Wait until a command succeeds inside."""
        end = time.monotonic() + seconds
        while subprocess.run([*self.enter, *map(str, command)], capture_output=True).returncode != 0:
            assert time.monotonic() < end, f"{what} after {seconds} s; see the logs in {self.folder}"
            time.sleep(0.2)

    def forget_started(self) -> None:
        """After the room's end: take the exit codes, so that no process stays behind as a zombie."""
        for process in self._started:
            process.wait(_PATIENCE_SECONDS)

    @property
    def cgroup(self) -> str:
        """The control group for what runs in containers here."""
        return _cgroup(self.folder)

    @property
    def enter(self) -> list[str]:
        """What is put before a command so that it runs inside."""
        network = ["--net"] if self.own_network else []
        return ["nsenter", f"--target={self.pid}", "--mount", *network, "--pid", "--ipc", "--"]


@contextmanager
def room(folder: Path, *, own_network: bool = True) -> Iterator[Room]:
    """Open for as long as the block lasts; then all of it is gone, `folder` included. One at a time for each folder.

    Without a network of its own it uses the machine's: for what must fetch something.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left_by_an_earlier_run(folder)
        folder.mkdir()
        _make_cgroups(folder)
        holder = _first_process(["--net"] if own_network else [])
        opened = Room(folder, _first_child(holder.pid), own_network)
        try:
            _furnish(opened)
            yield opened
        finally:
            _close(holder)
            opened.forget_started()
            left_by_an_earlier_run(folder)


def left_by_an_earlier_run(folder: Path) -> None:
    """Remove files and control groups of a room whose processes have ended, or are just ending."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while groups := _cgroups(folder):
        try:
            for group in groups:
                group.rmdir()
        except OSError:
            assert time.monotonic() < end, f"processes of an earlier run have not ended: {groups}"
            time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)
    assert not folder.exists(), f"{folder} could not be removed"


def _first_process(network: list[str]) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [
            # Ends with this process, even if that one is killed; what it forks ends with it in turn.
            "setpriv", "--pdeathsig=KILL", "--",
            "unshare", "--mount", *network, "--pid", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc",
            sys.executable, "-S", "-c", _FIRST_PROCESS,
        ],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n", "namespaces can't be made here: root is needed"
    return holder


def _first_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _furnish(opened: Room) -> None:
    for place in _PRIVATE:
        opened.run("mount", "-t", "tmpfs", "-o", "mode=755", "room", place)
    # Volumes of pods are mounted below the folder, and must be seen by containers that start later.
    opened.run("mount", "--make-rshared", "/")
    if opened.own_network:
        opened.run("ip", "link", "set", "lo", "up")


def _close(holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait(_PATIENCE_SECONDS)
    assert holder.stdout is not None
    holder.stdout.close()


def _hierarchies() -> list[Path]:
    unified = (CGROUPS / "cgroup.controllers").exists()
    return [CGROUPS] if unified else [p for p in CGROUPS.iterdir() if p.is_dir() and not p.is_symlink()]


def _cgroup(folder: Path) -> str:
    return f"concierge-test-{folder.name}"


def _make_cgroups(folder: Path) -> None:
    for hierarchy in _hierarchies():
        made = hierarchy / _cgroup(folder)
        made.mkdir(exist_ok=True)
        if hierarchy.name == "cpuset":
            for what in ("cpuset.cpus", "cpuset.mems"):
                (made / what).write_text((hierarchy / what).read_text())


def _cgroups(folder: Path) -> list[Path]:
    """Innermost first."""
    found = [Path(at) for h in _hierarchies() for at, _, _ in os.walk(h / _cgroup(folder))]
    return sorted(found, key=lambda path: -len(path.parts))

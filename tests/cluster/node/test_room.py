"""What lives in a room ends with it, however it ends, and the machine is as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from node import network
from node.room import CGROUPS, room
from rendered import ROOT

OPENS_A_ROOM = """
import sys, time
from pathlib import Path
from node.room import room

with room(Path(sys.argv[1])) as opened:
    (opened.folder / "mounted").mkdir()
    opened.run("mount", "-t", "tmpfs", "inside", opened.folder / "mounted")
    opened.start("follow", "tail", "--follow", opened.folder / "follow.log")
    opened.until("nothing is at work", "pgrep", "tail")
    print("at work", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a room may be, of a name that no other has."""
    return tmp_path / f"room-{os.getpid()}"


@pytest.fixture
def killed(folder: Path) -> Path:
    """The folder of a room in which something was at work when its test process was killed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "support")}
    command = [sys.executable, "-c", OPENS_A_ROOM, str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "at work\n"
        assert at_work(folder)
        run.send_signal(signal.SIGKILL)
    return folder


def at_work(folder: Path) -> list[str]:
    """Commands that name the folder."""
    return [line for line in subprocess.check_output(["ps", "axww"], text=True).splitlines() if str(folder) in line]


def soon(condition: Callable[[], bool]) -> bool:
    """It becomes true within seconds."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_what_ran_in_a_room_ends_when_the_run_is_killed(killed: Path):
    assert soon(lambda: not at_work(killed))


def test_the_next_run_finds_a_clean_room_after_a_killed_one(killed: Path):
    assert killed.exists()

    with room(killed) as opened:
        assert "tail" not in opened.run("ps", "ax")
        assert list(killed.iterdir()) == []

    assert not killed.exists()


def test_nothing_of_a_room_is_left_on_the_machine(folder: Path):
    with room(folder) as opened:
        opened.run("mount", "-t", "tmpfs", "inside", opened.folder)

    assert str(folder) not in Path("/proc/mounts").read_text()
    assert not list(CGROUPS.glob(f"*/*{folder.name}*"))
    assert not folder.exists()


def test_a_room_sees_no_card_and_no_process_of_the_machine(folder: Path):
    with room(folder) as opened:
        cards = opened.run("ip", "-brief", "link")
        processes = opened.run("ps", "ax", "--format", "pid=").split()

    assert [line.split()[0] for line in cards.splitlines()] == ["lo"]
    assert len(processes) == 2, "the first process, and ps itself"
    assert network.NODE not in cards

"""Other ways to be told to stop, or to go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MINIMAL = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


@pytest.fixture
def started(tmp_path, free_port):
    """A `concierge up` whose output goes into a pipe, at the moment it says that the property is open."""
    command = [sys.executable, "-m", "concierge_cli.main", "up", "-f", str(MINIMAL), "--port", str(free_port())]
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # children inherit it if these tests run under nohup
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    signal.signal(signal.SIGHUP, before)
    assert process.stdout
    while "Press Ctrl-C" not in process.stdout.readline():
        assert process.poll() is None
    yield process
    process.terminate()
    process.wait(30)
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_asks_it_to_stop_gets_0(started, number):
    started.send_signal(number)

    assert started.wait(30) == 0


def test_a_second_ctrl_c_does_not_wait_for_anybody(started, family_of, eventually):
    family = family_of(started.pid)
    (web,) = family.with_word("concierge_cli.web")
    os.kill(web, signal.SIGSTOP)  # a part that hears nothing any more

    started.send_signal(signal.SIGINT)
    assert "Stopping" in started.stdout.readline()
    started.send_signal(signal.SIGINT)

    assert started.wait(10) == 0
    eventually(lambda: not family.alive([web]), seconds=5)


def test_a_reader_who_leaves_does_not_end_it(started, family_of, eventually):
    family = family_of(started.pid)
    eventually(lambda: family.with_word("concierge_core.work.beat"))
    (beat,) = family.with_word("concierge_core.work.beat")
    started.stdout.close()

    os.kill(beat, signal.SIGKILL)  # there is something to say, and nobody to say it to

    eventually(lambda: family.with_word("concierge_core.work.beat") not in ([beat], []))
    assert started.poll() is None

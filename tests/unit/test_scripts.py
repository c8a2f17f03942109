"""What `make` says when the machine lacks something: one line that tells what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bootstrap(venv: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts/bootstrap", venv],
        env={**os.environ, "PYTHON": python},
        capture_output=True,
        text=True,
    )


def test_a_missing_python_is_said_so(tmp_path):
    refused = bootstrap(str(tmp_path / "venv"), python="python3.99")

    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "There is no python3.99 here" in line
    assert "make PYTHON=" in line


def test_a_checkout_that_can_not_be_written_is_said_so():
    refused = bootstrap("/proc/venv")

    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "/proc/venv can't be written here" in line
    assert "make up VENV=DIR" in line


def test_the_lock_pins_what_installs_and_what_builds():
    pinned = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}

    assert {"uv", "hatchling", "editables"} <= pinned

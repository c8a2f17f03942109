"""A process without a port says that it lives, and stops saying so when it hangs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from concierge_core.work.alive import LONGEST_SILENCE_SECONDS, Pulse, ask
from concierge_core.work.rounds import Rounds


def test_a_process_that_has_just_said_so_is_alive(tmp_path: Path) -> None:
    Pulse(tmp_path / "made-when-needed", "worker").beat()

    assert ask("worker", {"CONCIERGE_DATA_DIR": str(tmp_path / "made-when-needed")}) == 0


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "concierge-beat has not begun yet"),
        ("", "concierge-beat has not begun yet"),
        (f"{time.monotonic() + 9_000_000}", "concierge-beat has not begun yet"),  # of before the machine began
        (f"{time.monotonic() - LONGEST_SILENCE_SECONDS - 5}", "concierge-beat has been silent for"),
    ],
)
def test_one_that_has_not_begun_or_is_silent_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str | None, told: str
) -> None:
    if written is not None:
        (tmp_path / "beat.alive").write_text(written)

    assert ask("beat", {"CONCIERGE_DATA_DIR": str(tmp_path)}) == 1
    assert told in capsys.readouterr().err


def test_a_consumer_that_goes_round_no_more_hangs_and_one_that_waits_for_its_broker_does_not() -> None:
    now = 0.0
    rounds = Rounds(lambda: now)

    rounds.seen()
    now = LONGEST_SILENCE_SECONDS + 1
    hung = rounds.hangs
    rounds.waits()

    assert (hung, rounds.hangs) == (True, False)


def test_a_probe_carries_nothing_but_the_standard_library() -> None:
    heavy = "('celery', 'pydantic', 'structlog', 'redis', 'sqlalchemy', 'asyncio')"
    code = f"import sys, concierge_core.work.commands; sys.exit(any(m in sys.modules for m in {heavy}))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""A part that is kept running: what it starts ends with it, and what doesn't end is ended."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from concierge_cli.child import Child, Part


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make_child(tmp_path: Path, said: list[str]):
    def make(script: str, **options) -> Child:
        part = Part("worker", lambda: ["sh", "-c", script], os.environ, tmp_path / "worker.log")
        return Child(part, said.append, **options)

    return make


async def until(holds) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_what_a_part_started_ends_with_it_even_if_it_holds_the_log_open(make_child, tmp_path):
    child = make_child(f"sleep 300 & echo $! >> {tmp_path / 'pids'}; exit 1")

    code = await asyncio.wait_for(child.run(), 30)

    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert code == 1
    assert len(pids) == 3
    await until(lambda: not any(alive(pid) for pid in pids))


async def test_a_part_that_does_not_end_is_ended_and_that_is_said(make_child, said):
    child = make_child("trap '' TERM; echo ready; while :; do sleep 0.1; done")
    running = asyncio.create_task(child.run())
    await until(lambda: child.last_line == "ready")

    began = time.monotonic()
    await child.stop(within_seconds=0.5)

    assert await asyncio.wait_for(running, 10) == -9
    assert time.monotonic() - began < 10
    assert said == ["worker did not end within 0.5 s and was killed"]

"""A leader that is killed, with a standby beside it: how long until the standby has applied an edit."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from bare_client import Bare
from changes import SETTLE_SECONDS, edit, listen
from operator_process import OperatorProcess

from control_plane import ControlPlane

_TIMES = 4


def failovers(plane: ControlPlane, folder: Path) -> list[dict[str, float]]:
    """Several in a row, with the lease's default times: each standby is the next one's leader."""
    leader = OperatorProcess(plane, folder, "candidate-0")
    leader.wait_until('"leading"')
    found = []
    for number in range(_TIMES):
        standby = OperatorProcess(plane, folder, f"candidate-{number + 1}")
        _until(standby.is_ready)
        time.sleep(3 + number * 0.7)  # the leader's renewals and the standby's looks are anywhere in their rounds
        found.append(asyncio.run(_kill(plane, leader, number)))
        leader = standby
    leader.stop()
    return found


async def _kill(plane: ControlPlane, leader: OperatorProcess, number: int) -> dict[str, float]:
    """The edit is made at the moment of the kill, by somebody who knows nothing of it."""
    async with Bare(plane.url, plane.token) as bare:
        seen: dict[str, asyncio.Future[float]] = {}
        listening = asyncio.create_task(listen(bare, seen))
        await asyncio.sleep(SETTLE_SECONDS)
        leader.kill()
        seconds = await edit(bare, number, seen)
        listening.cancel()
        return {"seconds_until_an_edit_was_applied": seconds}


def _until(condition: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)

"""A leader that is killed, with a standby beside it: how long until the standby leads and has applied an edit."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from bare_client import Bare
from changes import _listen, _one
from operator_process import OperatorProcess

from concierge_operator.kinds import TENANTS
from control_plane import ControlPlane

_TIMES = 5


def failovers(plane: ControlPlane, folder: Path) -> list[dict[str, float]]:
    """Several in a row, with the lease's default times: each standby is the next one's leader."""
    leader = OperatorProcess(plane, folder, "candidate-0")
    leader.wait_until('"leading"')
    found = []
    for number in range(_TIMES):
        standby = OperatorProcess(plane, folder, f"candidate-{number + 1}")
        _until(standby.is_ready)
        time.sleep(3 + number * 0.7)  # the leader's renewals and the standby's looks are anywhere in their rounds
        found.append(_kill(plane, leader, standby, number))
        leader = standby
    leader.stop()
    return found


def _kill(plane: ControlPlane, leader: OperatorProcess, standby: OperatorProcess, number: int) -> dict[str, float]:
    began = time.monotonic()
    leader.kill()
    applied = asyncio.run(_edit(plane, number))
    led = standby.wait_until('"leading"', 600) - (began - standby.began)
    told = standby.told('"leading"')
    assert told is not None
    return {"seconds_until_led": min(led, applied), "seconds_until_an_edit_was_applied": applied}


async def _edit(plane: ControlPlane, number: int) -> float:
    """Made at the moment of the kill, by somebody who knows nothing of it."""
    async with Bare(plane.url, plane.token) as bare:
        seen: dict[str, Any] = {}
        listening = asyncio.create_task(_listen(bare, seen))
        assert await bare.text(TENANTS.path())
        seconds = await _one(bare, number, seen)
        listening.cancel()
        return seconds


def _until(condition: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)

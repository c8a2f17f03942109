"""Edits of single tenants while all are being resynced: how soon the first object that follows is applied."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from bare_client import Bare
from many_tenants import CONFIG_MAPS
from operator_process import OperatorProcess

from concierge_operator import names
from concierge_operator.kinds import TENANTS
from control_plane import ControlPlane

_EDITS = 100
_PAUSE_SECONDS = 0.6
_RESYNC_SECONDS = 90.0
SETTLE_SECONDS = 3.0
"""A watch first tells what is there already."""


def edits(plane: ControlPlane, folder: Path, count: int) -> dict[str, Any]:
    """Seconds from sending the edit until a watch has told of the first object that changed, network included."""
    with OperatorProcess(plane, folder, resync_seconds=_RESYNC_SECONDS) as operator:
        operator.wait_until("everything was looked at once", 300)
        seconds = sorted(asyncio.run(_edit(plane, count)))
    return {
        "resync_seconds": _RESYNC_SECONDS,
        "p50": seconds[len(seconds) // 2],
        "p99": seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))],
        "longest": seconds[-1],
        "seconds": seconds,
    }


async def _edit(plane: ControlPlane, count: int) -> list[float]:
    chosen = random.Random(4).sample(range(count), min(_EDITS, count))
    async with Bare(plane.url, plane.token) as bare:
        seen: dict[str, asyncio.Future[float]] = {}
        listening = asyncio.create_task(listen(bare, seen))
        await asyncio.sleep(SETTLE_SECONDS)
        taken = []
        for number in chosen:
            taken.append(asyncio.create_task(edit(bare, number, seen)))
            await asyncio.sleep(_PAUSE_SECONDS)
        found = await asyncio.gather(*taken)
        listening.cancel()
        return found


async def edit(bare: Bare, number: int, seen: dict[str, asyncio.Future[float]]) -> float:
    namespace = f"hotel-{number}"
    seen[namespace] = asyncio.get_running_loop().create_future()
    phone = {"spec": {"property": {"phone": f"+49 30 23125 {random.randint(100, 999)}"}}}
    began = time.monotonic()
    path = TENANTS.path(namespace, "pension-lindenhof")
    await bare.ask("PATCH", path, phone, None, "application/merge-patch+json")
    async with asyncio.timeout(60):
        return await seen[namespace] - began


async def listen(bare: Bare, seen: dict[str, asyncio.Future[float]]) -> None:
    """An edit of what guests read makes a new ConfigMap: the first thing that is applied."""
    query = {"labelSelector": f"{names.MANAGED_BY}={names.FIELD_MANAGER}"}
    async for _, live in bare.watch(CONFIG_MAPS.path(), query):
        waiting = seen.get(live["metadata"]["namespace"])
        if waiting is not None and not waiting.done():
            waiting.set_result(time.monotonic())

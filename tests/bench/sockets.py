"""How many guests' sockets fit into a gigabyte of the web process."""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from processes import family, resident_mb
from running_house import House, start_house
from unlimited import unlimited_manifest

TITLE = "Guests' sockets per GB of the web process"
STEPS = (200, 1_200)
"""The cost of a socket is the slope between these: the first ones pay for pools and caches."""


def measure() -> dict[str, Any]:
    """Resident memory of the web process with a few and with many open, greeted sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8_192)), hard))
    with tempfile.TemporaryDirectory() as folder:
        house = start_house(Path(folder), [unlimited_manifest(Path(folder))], Path(folder) / "data", {})
        sizes = asyncio.run(_open_all(house))
        house.stop()
    grown = (sizes[1] - sizes[0]) / (STEPS[1] - STEPS[0])
    return {"steps": STEPS, "rss_mb": sizes, "kb_per_socket": grown * 1000, "sockets_per_gb": 1000 / grown}


async def _open_all(house: House) -> list[float]:
    web = next(p for p in family(house.process.pid) if p.command == "concierge_cli.web")
    sockets: list[ClientConnection] = []
    sizes = []
    for step in STEPS:
        while len(sockets) < step:
            sockets += await asyncio.gather(*(_greeted(house.url) for _ in range(20)))
        sizes.append(resident_mb(web.pid)["rss_mb"])
    await asyncio.gather(*(s.close() for s in sockets))
    return sizes


async def _greeted(url: str) -> ClientConnection:
    socket = await connect(url.replace("http", "ws", 1) + "/ws", origin=url, compression=None)  # type: ignore[arg-type]
    await socket.send(json.dumps({"type": "hello"}))
    while json.loads(await socket.recv())["type"] != "welcome":
        pass
    return socket


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Cost of one, and how many fit."""
    return [
        ("memory of one open, greeted socket", f"{raw['kb_per_socket']:.0f} KB", ""),
        ("sockets per GB", f"{raw['sockets_per_gb']:,.0f}", "≥ 5,000"),
    ]

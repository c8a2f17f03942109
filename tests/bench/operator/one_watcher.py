"""One process that watches all Deployments of the given server, and what that cost it: a line of JSON.

Both do what the operator needs done with each object: note a small sighting of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import kopf
from kubernetes.aio.client import Configuration
from listed_children import CHANGES, CHILDREN

from concierge_core.clock import SystemClock
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import child
from concierge_operator.sightings import Sightings
from concierge_operator.watching import View, Watch
from processes import cpu_seconds, resident_mb

logging.getLogger("kopf").setLevel(logging.WARNING)  # as the operator has it
_DEPLOYMENTS = child("Deployment")


class Listener:
    """Counts, and notes what the operator would note."""

    def __init__(self) -> None:
        self.heard = 0
        self.sightings = Sightings()

    def seen(self, resource: Any, live: Any) -> None:
        self.heard += 1
        self.sightings.put(_DEPLOYMENTS, live)

    def gone(self, resource: Any, live: Any) -> None:
        """Nothing goes here."""

    def listed(self, resource: Any, present: Any) -> None:
        """All were seen."""


async def nothing(url: str, listener: Listener) -> None:
    listener.heard = CHILDREN + CHANGES


async def ours(url: str, listener: Listener) -> None:
    async with Cluster(Configuration(host=url)) as cluster:
        await Watch(cluster, View(_DEPLOYMENTS, None, only_metadata=False), listener, SystemClock()).run()


async def kopfs(url: str, listener: Listener) -> None:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=url)

    @kopf.on.event("apps", "v1", "deployments", registry=registry)
    async def event(event: Any, **_: Any) -> None:
        listener.seen(_DEPLOYMENTS, {**event["object"], "kind": "Deployment"})

    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = 500
    await kopf.operator(registry=registry, settings=settings, standalone=True, clusterwide=True)


async def watch(begin: Callable[[str, Listener], Awaitable[None]], url: str) -> None:
    """Tell the cost, after the list and after the changes."""
    listener, pid = Listener(), os.getpid()
    before, began = cpu_seconds(pid), time.monotonic()
    task = asyncio.ensure_future(begin(url, listener))
    await _until(listener, CHILDREN, task)
    listed = {"listed_cpu_seconds": cpu_seconds(pid) - before, "listed_seconds": time.monotonic() - began}
    await asyncio.sleep(5)
    memory, before = resident_mb(pid)["rss_mb"] * 1e6 / 2**20, cpu_seconds(pid)
    await _until(listener, CHILDREN + CHANGES, task)
    await asyncio.sleep(2)
    changed = {"changed_cpu_seconds": cpu_seconds(pid) - before}
    print(json.dumps({**listed, "rss_mib": memory, **changed}), flush=True)
    os._exit(0)  # Kopf would take its time to end


async def _until(listener: Listener, count: int, task: asyncio.Future[None]) -> None:
    while listener.heard < count:
        assert not task.done() or not task.exception(), task.exception()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(watch({"nothing": nothing, "ours": ours, "kopf": kopfs}[sys.argv[1]], sys.argv[2]))

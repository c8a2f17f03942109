"""Plays the controllers of Deployments, StatefulSets and Jobs: each is ready at once, without pods. Its own process.

For figures of a fleet that stands: the operator looks at these objects, never at the pods of one that is ready, and a
thousand tenants' pods would need a larger machine.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from bare_client import Bare, at_once

from concierge_operator import names
from concierge_operator.kinds import Resource, child

OTHERS = ("--controllers=-deployment-controller", "--controllers=-replicaset-controller",
    "--controllers=-statefulset-controller", "--controllers=-job-controller", "--controllers=-disruption-controller",
    "--controllers=-endpoint-controller", "--controllers=-endpointslice-controller")  # fmt: skip
"""What the controller manager leaves to this process, or has nothing to do for without pods."""
_KINDS = tuple(child(kind) for kind in ("Deployment", "StatefulSet", "Job"))
_AT_ONCE = 8


async def play(url: str, token: str) -> None:
    """For ever."""
    waiting: asyncio.Queue[tuple[Resource, dict[str, Any]]] = asyncio.Queue()
    async with Bare(url, token) as bare, asyncio.TaskGroup() as group:
        group.create_task(at_once([lambda: _work(bare, waiting)] * _AT_ONCE, _AT_ONCE))
        for kind in _KINDS:
            group.create_task(_watch(bare, kind, waiting))


async def _watch(bare: Bare, kind: Resource, waiting: asyncio.Queue[Any]) -> None:
    query = {"labelSelector": f"{names.MANAGED_BY}={names.FIELD_MANAGER}"}
    async for event, live in bare.watch(kind.path(), query):
        if event in ("ADDED", "MODIFIED") and not _is_done(live):
            waiting.put_nowait((kind, live))


async def _work(bare: Bare, waiting: asyncio.Queue[Any]) -> None:
    while True:
        kind, live = await waiting.get()
        metadata = live["metadata"]
        path = kind.path(metadata["namespace"], metadata["name"], "status")
        try:
            await bare.ask("PATCH", path, {"status": _ready(kind, live)}, None, "application/merge-patch+json")
        except RuntimeError as error:
            print(error, file=sys.stderr)  # it went meanwhile


def _is_done(live: dict[str, Any]) -> bool:
    status = live.get("status") or {}
    return "completionTime" in status or status.get("observedGeneration") == live["metadata"]["generation"]


def _ready(kind: Resource, live: dict[str, Any]) -> dict[str, Any]:
    moment = live["metadata"]["creationTimestamp"]
    if kind.kind == "Job":
        ends = [
            {"type": what, "status": "True", "lastProbeTime": moment, "lastTransitionTime": moment}
            for what in ("SuccessCriteriaMet", "Complete")
        ]
        return {"startTime": moment, "completionTime": moment, "succeeded": 1, "conditions": ends}
    count = live["spec"].get("replicas", 1)
    counted = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count)
    return {"observedGeneration": live["metadata"]["generation"], **counted}


if __name__ == "__main__":
    asyncio.run(play(sys.argv[1], sys.argv[2]))

"""Plays scheduler and kubelet for tests without a node: pods start, Jobs end, and images fail on demand.

What an image's tag says is what its pods do: "…-unpullable" can't be fetched, "…-crashing" crashes, "…-unmigratable"
fails in the migration's Job. A restore's pod hands over `ARCHIVED_KEYS`, sealed as the real one does.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from concierge_core.backup.handover import Handover, sealed
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import PODS, SECRETS, Resource, child
from concierge_operator.refusals import AwayError, Refusal
from control_plane import ControlPlane
from in_thread import in_thread

Pod = dict[str, Any]
_CLASSES = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
ARCHIVED_KEYS = f"archived:{base64.b64encode(bytes(range(32))).decode()}"


@contextmanager
def played_kubelet(plane: ControlPlane) -> Iterator[None]:
    """For as long as the block lasts."""
    with in_thread(lambda: _play(plane)):
        yield


async def _play(plane: ControlPlane) -> None:
    async with Cluster(plane.configuration()) as cluster, asyncio.TaskGroup() as group:
        while True:
            try:
                pods, version = await cluster.list(PODS)
                await asyncio.gather(*(_move(cluster, pod) for pod in pods))
                async for kind, pod in cluster.watch(PODS, version):
                    if kind in ("ADDED", "MODIFIED"):
                        group.create_task(_move(cluster, pod))
            except (AwayError, Refusal):
                await asyncio.sleep(0.2)


async def _move(cluster: Cluster, pod: Pod) -> None:
    """One step further."""
    metadata = pod["metadata"]
    path = PODS.path(metadata["namespace"], metadata["name"])
    try:
        if "deletionTimestamp" in metadata:
            await cluster._ask(
                "DELETE", path, None, {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
            )
        elif "nodeName" not in pod["spec"] and await _lacks_volume(cluster, pod):
            pass
        elif "nodeName" not in pod["spec"]:
            target = {"apiVersion": "v1", "kind": "Node", "name": "played"}
            bound = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}, "target": target}
            await cluster._ask("POST", f"{path}/binding", None, bound)
        elif status := await _status(cluster, pod):
            await cluster._ask("PATCH", f"{path}/status", None, {"status": status}, "application/merge-patch+json")
    except (AwayError, Refusal):
        pass  # it is seen again


async def _lacks_volume(cluster: Cluster, pod: Pod) -> bool:
    """A claim of the pod names a storage class that there is not."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes", ()):
        name = volume.get("persistentVolumeClaim", {}).get("claimName")
        claim = await cluster.get(child("PersistentVolumeClaim"), name, namespace) if name else None
        wanted = (claim or {}).get("spec", {}).get("storageClassName")
        if wanted and await cluster.get(_CLASSES, wanted) is None:
            return True
    return False


async def _status(cluster: Cluster, pod: Pod) -> dict[str, Any]:
    tag = pod["spec"]["containers"][0]["image"].rpartition(":")[2]
    if tag.endswith("-unpullable"):
        return _waits(pod, "ImagePullBackOff", "Back-off pulling image")
    if tag.endswith("-crashing"):
        return _waits(pod, "CrashLoopBackOff", "back-off 10s restarting failed container")
    if any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ())):
        phase = "Failed" if tag.endswith("-unmigratable") else "Succeeded"
        if pod["status"].get("phase") == phase:
            return {}
        ended = await _ended(cluster, pod) if phase == "Succeeded" else []
        return {"phase": phase, "containerStatuses": ended}
    if pod["status"].get("phase") == "Running":
        return {}
    now = pod["metadata"]["creationTimestamp"]
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Ready", "ContainersReady")]
    running = [
        {"name": c["name"], "ready": True, "restartCount": 0, "image": c["image"], "imageID": "", "started": True,
         "state": {"running": {"startedAt": now}}}
        for c in pod["spec"]["containers"]
    ]  # fmt: skip
    return {"phase": "Running", "conditions": conditions, "containerStatuses": running, "podIP": "10.0.0.1"}


async def _ended(cluster: Cluster, pod: Pod) -> list[dict[str, Any]]:
    container = pod["spec"]["containers"][0]
    ended: dict[str, Any] = {"exitCode": 0, "reason": "Completed"}
    if container["name"] == "restore":
        secret = await cluster.get(SECRETS, "concierge-generated", pod["metadata"]["namespace"])
        assert secret is not None
        token = base64.b64decode(secret["data"]["internal-token"]).decode()
        ended["message"] = sealed(Handover("20260503T033000Z", ARCHIVED_KEYS), token=token)
    state = {"state": {"terminated": ended}, "ready": False, "restartCount": 0, "imageID": ""}
    return [{"name": container["name"], "image": container["image"], **state}]


def _waits(pod: Pod, reason: str, message: str) -> dict[str, Any]:
    if pod["status"].get("containerStatuses"):
        return {}
    waiting = {"waiting": {"reason": reason, "message": message}}
    states = [
        {"name": c["name"], "ready": False, "restartCount": 0, "image": c["image"], "imageID": "", "state": waiting}
        for c in pod["spec"]["containers"]
    ]
    return {"phase": "Pending", "containerStatuses": states, "message": reason}

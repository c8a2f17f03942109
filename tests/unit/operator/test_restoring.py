"""A restore that is done is known to be done before anything else is looked at: it is never begun a second time."""

from __future__ import annotations

import base64
from typing import Any

from concierge_core.backup.handover import Handover, sealed
from concierge_operator import restores
from concierge_operator.cluster import Manifest, Page
from concierge_operator.kinds import PODS, Resource
from concierge_operator.render import render
from concierge_operator.render.backup import restore_name
from concierge_operator.restoring import restore
from concierge_operator.sightings import Sightings
from rendered import context, small_tenant

ARCHIVE = "20260503T033000Z"
TOKEN = "internal"
RING = [f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2")]
ELSEWHERE = {"mode": "external", "urlSecret": {"name": "data", "key": "url"}}


class AtRest:
    """A house of which everything but the apps is as it should be."""

    def __init__(self) -> None:
        self.sightings = Sightings()

    async def stage(self, *_: Any) -> None:
        """Nothing is in the way."""

    async def tidy(self, *_: Any, **__: Any) -> None:
        """Nothing is left over."""


class Server:
    """Has the Job that ended well, its pod, the Secret and the tenant; notes what is asked of it."""

    def __init__(self, tenant: Manifest) -> None:
        self.tenant = tenant
        self.deeds: list[str] = []

    async def list(self, resource: Resource, _: str, **__: Any) -> Page:
        return ([_pod()] if resource == PODS else []), "1"

    async def get(self, resource: Resource, name: str, _: str) -> Manifest:
        if resource.kind == "Job":
            ended = {"type": "Complete", "status": "True"}
            return {"metadata": {"name": name, "namespace": "house"}, "status": {"conditions": [ended]}}
        text = {"encryption-keys": RING[1], "internal-token": TOKEN}
        data = {key: base64.b64encode(value.encode()).decode() for key, value in text.items()}
        return {"metadata": {"name": name, "resourceVersion": "3"}, "data": data}

    async def merge(self, resource: Resource, name: str, _: str, patch: Manifest) -> Manifest:
        self.deeds.append(f"merge {resource.kind}")
        notes = {**self.tenant["metadata"]["annotations"], **patch["metadata"].get("annotations", {})}
        return {**self.tenant, "metadata": {**self.tenant["metadata"], "annotations": notes}}

    async def delete(self, resource: Resource, *_: Any, **__: Any) -> None:
        self.deeds.append(f"delete {resource.kind}")


def _pod() -> Manifest:
    said = sealed(Handover(f"{ARCHIVE}.concierge", RING[0]), token=TOKEN)
    ended = {"name": "restore", "state": {"terminated": {"exitCode": 0, "message": said}}}
    labels = {"batch.kubernetes.io/job-name": restore_name(ARCHIVE)}
    return {
        "metadata": {"name": "x", "labels": labels},
        "status": {"phase": "Succeeded", "containerStatuses": [ended]},
    }


async def test_what_comes_back_from_the_last_step_asks_for_no_restore_any_more() -> None:
    backup = {"destination": "pvc:backups"}
    ctx = context(small_tenant(postgres=ELSEWHERE, redis=ELSEWHERE, backup=backup))
    metadata = {"name": "house", "namespace": "house", "uid": ctx.uid, "annotations": {restores.RESTORE: ARCHIVE}}
    server = Server({"metadata": metadata})

    now, verdict = await restore(server, server.tenant, ctx, AtRest(), render(ctx))  # type: ignore[arg-type]

    assert server.deeds == ["merge Secret", "merge ConciergeTenant"], "the keys first"
    assert verdict.reason == "Restored"
    assert restores.asked(now) is None

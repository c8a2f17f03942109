"""What is rendered is what a real API server takes: valid to the last field, and applied twice it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator.cluster import Cluster
from concierge_operator.drift import drifted
from concierge_operator.kinds import Resource
from concierge_operator.names import FIELD_MANAGER
from concierge_operator.render import render
from concierge_operator.render.backup import restore_job, snapshot_job
from control_plane import ControlPlane
from rendered import MANIFESTS, context, property_of

# The server without add-ons knows none of these; their own projects' definitions check them.
NOT_BUILT_IN = {"HTTPRoute", "Certificate", "PodMonitor"}


def resource(manifest: dict[str, Any]) -> Resource:
    """The kind as it stands in paths."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    kind = manifest["kind"]
    plural = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}.get(kind, f"{kind.lower()}s")
    return Resource(group, version, kind, plural)


async def test_the_jobs_of_a_snapshot_and_a_restore_are_taken_strictly(plane: ControlPlane, namespace: str) -> None:
    tenant = property_of(next(path for path in MANIFESTS if path.stem == "complete"))
    moved = tenant.model_copy(update={"metadata": tenant.metadata.model_copy(update={"name": namespace})})
    jobs = [snapshot_job(context(moved), "final"), restore_job(context(moved), "20261126T033000Z")]

    async with Cluster(plane.configuration()) as cluster:
        for job in jobs:
            taken = await cluster.apply(resource(job), job, manager=FIELD_MANAGER)
            assert drifted(job, taken) == []


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
async def test_every_object_is_taken_strictly_and_a_second_time_without_a_change(
    plane: ControlPlane, namespace: str, path: Any
) -> None:
    tenant = property_of(path)
    moved = tenant.model_copy(update={"metadata": tenant.metadata.model_copy(update={"name": namespace})})
    manifests = [m for m in render(context(moved)).all if m["kind"] not in NOT_BUILT_IN]

    async with Cluster(plane.configuration()) as cluster:
        for manifest in manifests:
            kind = resource(manifest)
            first = await cluster.apply(kind, manifest, manager=FIELD_MANAGER)
            second = await cluster.apply(kind, manifest, manager=FIELD_MANAGER)

            name = f"{manifest['kind']}/{manifest['metadata']['name']}"
            assert second["metadata"].get("generation") == first["metadata"].get("generation"), name
            assert drifted(manifest, second) == [], name

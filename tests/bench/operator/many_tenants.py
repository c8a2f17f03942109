"""Hundreds of tenants: made, watched until they are Ready, and what would be rendered for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bare_client import Bare, at_once

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.kinds import TENANTS, Resource
from concierge_operator.render import Context, OperatorDefaults, Stage, render
from hotel import tenant_document

Manifest = dict[str, Any]
BEFORE_THE_GATE = (Stage.GUARD, Stage.CONFIG, Stage.DATA)
"""What is applied without waiting for anything: the migration waits for a database that runs."""
NAMESPACES = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps")


def tenant(number: int, profile: str) -> Manifest:
    """The smallest hotel there is, in a namespace of its own."""
    made = tenant_document("minimal")
    made["metadata"] = {"name": made["metadata"]["name"], "namespace": f"hotel-{number}"}
    made["spec"] |= {"profile": profile}
    return made


def rendered(document: Manifest, uid: str, stages: tuple[Stage, ...] = tuple(Stage)) -> list[Manifest]:
    """Everything that the operator makes for it in these stages, in its order."""
    spec = ConciergeTenant.model_validate(document).spec
    metadata = document["metadata"]
    ctx = Context(
        namespace=metadata["namespace"],
        tenant=metadata["name"],
        uid=uid,
        spec=spec,
        version="1.0.0",
        defaults=OperatorDefaults(),
        offered=frozenset(),
    )
    made = render(ctx)
    return [one for stage in stages for one in made.of[stage]]


async def make_namespaces(bare: Bare, numbers: Iterable[int]) -> None:
    """One for each tenant."""
    bodies = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"hotel-{n}"}} for n in numbers]
    await at_once([lambda body=body: bare.ask("POST", NAMESPACES.path(), body) for body in bodies])


async def make_tenants(bare: Bare, numbers: Iterable[int], profile: str) -> None:
    """As many people would at once."""
    documents = [tenant(number, profile) for number in numbers]
    await at_once([lambda doc=doc: bare.apply(TENANTS, doc) for doc in documents])


@dataclass
class Progress:
    """When each tenant was seen to have come so far. Moments of the monotonic clock, by namespace."""

    expected_objects: int
    begun: dict[str, float] = field(default_factory=dict)
    applied: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)

    def saw(self, document: Manifest) -> None:
        """Note what its status says."""
        namespace, now = document["metadata"]["namespace"], time.monotonic()
        status = document.get("status") or {}
        inventory = status.get("inventory") or ()
        if sum(line.startswith("StatefulSet/") for line in inventory) >= 2:
            self.begun.setdefault(namespace, now)
        if len(inventory) >= self.expected_objects:
            self.applied.setdefault(namespace, now)
        if is_ready(document):
            self.ready.setdefault(namespace, now)


def is_ready(document: Manifest) -> bool:
    """Of its newest generation."""
    return any(
        one["type"] == "Ready"
        and one["status"] == "True"
        and one["observedGeneration"] == document["metadata"]["generation"]
        for one in (document.get("status") or {}).get("conditions", ())
    )


async def until_ready(bare: Bare, count: int, progress: Progress, seconds: float = 900) -> None:
    """Watch all tenants until so many are Ready."""
    async with asyncio.timeout(seconds):
        async for _, document in bare.watch(TENANTS.path()):
            progress.saw(document)
            if len(progress.ready) >= count:
                return

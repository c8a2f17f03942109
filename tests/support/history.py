"""Everything that became of some kinds of objects, in the order in which it happened; also of those that are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from concierge_operator import names
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import Resource
from concierge_operator.refusals import AwayError, Refusal
from control_plane import ControlPlane
from in_thread import in_thread


@dataclass(frozen=True)
class Entry:
    """An object as it was then. `moment` is of the cluster's one store: what happened earlier, of whatever kind, has a
    smaller one."""

    moment: int
    kind: str
    gone: bool
    live: dict[str, Any]

    @property
    def name(self) -> str:
        """The object's."""
        return str(self.live["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The object's."""
        return str(self.live["metadata"]["uid"])

    @property
    def component(self) -> str:
        """What of the tenant it belongs to."""
        return str(self.live["metadata"].get("labels", {}).get(names.COMPONENT, ""))

    @property
    def goes(self) -> bool:
        """It is gone, or about to."""
        return self.gone or "deletionTimestamp" in self.live["metadata"]


class History:
    """Entries by namespace."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def of(self, namespace: str, *kinds: str) -> list[Entry]:
        """What happened there to these kinds, the earliest first."""
        entries = [one for one in list(self._entries) if one.live["metadata"].get("namespace") == namespace]
        return sorted((one for one in entries if one.kind in kinds), key=lambda one: one.moment)

    async def follow(self, cluster: Cluster, resource: Resource) -> None:
        """For ever."""
        while True:
            try:
                found, version = await cluster.list(resource)
                for live in found:
                    self._note(resource, "ADDED", live)
                async for what, live in cluster.watch(resource, version):
                    if what != "BOOKMARK":
                        self._note(resource, what, live)
            except (AwayError, Refusal):
                await asyncio.sleep(0.2)

    def _note(self, resource: Resource, what: str, live: dict[str, Any]) -> None:
        moment = int(live["metadata"]["resourceVersion"])
        self._entries.append(Entry(moment, resource.kind, what == "DELETED", live))


@contextmanager
def history(plane: ControlPlane, *resources: Resource) -> Iterator[History]:
    """For as long as the block lasts."""
    made = History()

    async def follow() -> None:
        async with Cluster(plane.configuration()) as cluster, asyncio.TaskGroup() as group:
            for resource in resources:
                group.create_task(made.follow(cluster, resource))

    with in_thread(follow):
        yield made

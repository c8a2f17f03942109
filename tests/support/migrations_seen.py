"""Counts the migrations that really ran: every Job and every pod of one that ever was, not only those that are left."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from concierge_operator.cluster import Cluster
from concierge_operator.kinds import PODS, Resource, child
from concierge_operator.refusals import AwayError, Refusal
from control_plane import ControlPlane
from in_thread import in_thread

_MIGRATIONS = {"app.kubernetes.io/component": "migration"}


class MigrationsSeen:
    """By namespace and image: the uids of Jobs, and of pods."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.pods: dict[tuple[str, str], set[str]] = defaultdict(set)

    def twice(self) -> list[tuple[str, str]]:
        """Where one ran more than once."""
        return [place for seen in (self.jobs, self.pods) for place, uids in seen.items() if len(uids) > 1]

    def of(self, namespace: str) -> int:
        """How many ran there."""
        return sum(len(uids) for place, uids in self.pods.items() if place[0] == namespace)

    async def follow(self, cluster: Cluster, resource: Resource, seen: dict[tuple[str, str], set[str]]) -> None:
        """For ever."""
        while True:
            try:
                found, version = await cluster.list(resource, labels=_MIGRATIONS)
                for live in found:
                    _note(seen, live)
                async for kind, live in cluster.watch(resource, version, labels=_MIGRATIONS):
                    if kind != "BOOKMARK":
                        _note(seen, live)
            except (AwayError, Refusal):
                await asyncio.sleep(0.2)


def _note(seen: dict[tuple[str, str], set[str]], live: dict[str, Any]) -> None:
    spec = live["spec"]
    image = spec.get("template", {}).get("spec", spec)["containers"][0]["image"]
    seen[live["metadata"]["namespace"], image].add(live["metadata"]["uid"])


@contextmanager
def migrations_seen(plane: ControlPlane) -> Iterator[MigrationsSeen]:
    """For as long as the block lasts."""
    seen = MigrationsSeen()

    async def follow() -> None:
        async with Cluster(plane.configuration()) as cluster, asyncio.TaskGroup() as group:
            group.create_task(seen.follow(cluster, child("Job"), seen.jobs))
            group.create_task(seen.follow(cluster, PODS, seen.pods))

    with in_thread(follow):
        yield seen

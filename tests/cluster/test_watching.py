"""Watches: whether they are alive is known even of kinds of which there is nothing to hear."""

from __future__ import annotations

import asyncio
from typing import Any

from concierge_core.clock import SystemClock
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import child
from concierge_operator.watching import View, Watch
from control_plane import ControlPlane


class Silence:
    """Hears, and says nothing."""

    def seen(self, resource: Any, live: Any) -> None:
        """Nothing is there."""

    gone = listed = seen


async def test_a_watch_that_the_server_answers_is_alive_though_nothing_ever_changes(plane: ControlPlane) -> None:
    async with Cluster(plane.configuration()) as cluster:
        watch = Watch(cluster, View(child("Ingress"), {"nobody": "has-this"}, True), Silence(), SystemClock())
        running = asyncio.create_task(watch.run())
        await watch.synced.wait()
        listed_at = watch.heard_at

        async with asyncio.timeout(10):
            while watch.heard_at == listed_at:
                await asyncio.sleep(0.01)
        running.cancel()

    assert watch.heard_at > listed_at

"""One operator process: what it knows, what it watches, who leads, what is served. `main` adds Kopf and the signals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import structlog

from concierge_core.ports import Clock
from concierge_operator import meters, names
from concierge_operator.classes import Rollouts
from concierge_operator.cluster import Cluster, configuration
from concierge_operator.engine import Engine, Looked
from concierge_operator.kinds import CLASSES, SECRETS, TENANTS, Resource, present, whole
from concierge_operator.leading import Leader
from concierge_operator.lease import Hold, Terms
from concierge_operator.number_looks import NumberLooks
from concierge_operator.queue import Pace, Priority, WorkQueue
from concierge_operator.reconcile import Reconciler
from concierge_operator.refusals import AwayError, Refusal
from concierge_operator.settings import OperatorSettings
from concierge_operator.telling import Teller
from concierge_operator.twilio_api import TwilioApi
from concierge_operator.watching import View, Watch
from concierge_operator.world import World

_DISCOVER_SECONDS = 300.0
_SILENCE_SECONDS = 300.0
"""Watches speak at least each minute; one that has been silent for longer hears nothing any more."""

_log = structlog.get_logger(__name__)


class Operator:
    """Everything of one process but Kopf. `clock` is the real one outside tests."""

    def __init__(self, settings: OperatorSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.queue = WorkQueue(Pace(), random.random)
        self.world = World(self._ask)
        self.synced = asyncio.Event()
        self._watches: dict[Resource, Watch] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled: learn what the cluster offers and what is in it, then lead whenever it can."""
        settings = self.settings
        terms = Terms(settings.lease_seconds, settings.renew_deadline_seconds, settings.retry_seconds)
        hold = Hold(settings.identity, terms)
        async with (
            Cluster(await configuration(settings.kubeconfig), tell=_count, at_once=4) as plain,
            Cluster(await configuration(settings.kubeconfig), tell=_count) as watching,
        ):
            leader = Leader(plain, settings.namespace, hold, self.clock)
            async with Cluster(
                await configuration(settings.kubeconfig),
                fence=leader.fence,
                tell=_count,
                at_once=settings.requests_at_once,
            ) as cluster:
                await self._learn(watching)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep_discovering(watching, group))
                    group.create_task(self._lead(leader, cluster))

    def alive(self) -> str | None:
        """What is wrong with this process, if anything is; only a restart helps."""
        now = self.clock.monotonic()
        for resource, watch in self._watches.items():
            age = now - watch.heard_at
            meters.WATCH_AGE.labels(resource.kind).set(age)
            if age > _SILENCE_SECONDS:
                return f"nothing was heard of {resource.plural} for {age:.0f} s"
        return None

    def ready(self) -> str | None:
        """Why it can't work yet, if it can't."""
        return None if self.synced.is_set() else "the cluster is being read"

    def _ask(self, key: str, priority: Priority) -> None:
        meters.QUEUE_ADDS.inc()
        self.queue.add(key, priority)
        meters.QUEUE_DEPTH.set(len(self.queue))

    async def _learn(self, cluster: Cluster) -> None:
        """What there is, before anything is watched: tenants first, since they say which Secrets matter."""
        while True:
            try:
                self.world.offered = await cluster.kinds()
                for resource, hear in ((CLASSES, self.world.class_event), (TENANTS, self.world.tenant_event)):
                    async for page, _ in cluster.pages(resource):
                        for document in page:
                            hear("", {"apiVersion": resource.api_version, "kind": resource.kind, **document})
                return
            except (AwayError, Refusal) as error:
                _log.warning("the cluster can't be read yet", error=str(error)[:300])
                await self.clock.sleep(2.0)

    async def _keep_discovering(self, cluster: Cluster, group: asyncio.TaskGroup) -> None:
        while True:
            self._watch_new(cluster, group)
            for watch in self._watches.values():
                await watch.synced.wait()
            self.synced.set()
            await self.clock.sleep(_DISCOVER_SECONDS)
            await self._discover(cluster)

    async def _discover(self, cluster: Cluster) -> None:
        try:
            offered = await cluster.kinds()
        except (AwayError, Refusal):
            return
        if offered != self.world.offered:
            _log.info("the cluster offers other kinds", new=sorted(offered - self.world.offered)[:20])
            self.world.offered = offered
            for paper in self.world.tenants:
                self._ask(paper.key, Priority.RESYNC)

    def _watch_new(self, cluster: Cluster, group: asyncio.TaskGroup) -> None:
        ours = {names.MANAGED_BY: names.FIELD_MANAGER}
        views = [View(kind, ours, only_metadata=not whole(kind)) for kind in present(self.world.offered)]
        for view in [*views, View(SECRETS, None, only_metadata=True)]:
            if view.resource not in self._watches:
                watch = self._watches[view.resource] = Watch(cluster, view, self.world, self.clock, self._turn)
                group.create_task(watch.run())

    async def _lead(self, leader: Leader, cluster: Cluster) -> None:
        await self.synced.wait()
        teller = Teller(cluster, self.clock, self.settings.identity)
        numbers = NumberLooks(TwilioApi(self.settings.twilio_base_url), self.clock)
        tenants = Reconciler(cluster, self.world, teller, numbers, self.settings.defaults(), self.clock)
        rollouts = Rollouts(cluster, self.world, teller, self.clock)

        async def look(key: str) -> Looked:
            return await (rollouts.brand(key) if key.startswith("/") else tenants.tenant(key))

        engine = Engine(
            self.queue,
            look,
            self._keys,
            workers=self.settings.workers,
            resync_seconds=self.settings.resync_seconds,
            clock=self.clock,
        )
        await leader.run(engine.run)

    def _keys(self) -> Iterable[str]:
        meters.TENANTS.set(len(self.world.tenants))
        return [paper.key for papers in (self.world.tenants, self.world.classes) for paper in papers]


def _count(verb: str, status: int) -> None:
    meters.REQUESTS.labels(verb, str(status)).inc()

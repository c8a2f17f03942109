"""One operator process: what it knows, what it watches, who leads, what is served. `main` adds Kopf and the signals."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

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
from concierge_operator.tenant_teller import TenantTeller
from concierge_operator.twilio_api import TwilioApi
from concierge_operator.watching import View, Watch
from concierge_operator.world import World

_DISCOVER_SECONDS = 300.0
_COUNT_AFTER_SECONDS = 1.0
_SILENCE_SECONDS = 300.0
"""Watches speak at least each minute; one that has been silent for longer hears nothing any more."""

KOPF_WATCHES_SECONDS = 300
"""Kopf asks for each of its watches anew this often: one that asks nothing for much longer hears nothing any more."""

_log = structlog.get_logger(__name__)


class Operator:
    """Everything of one process but Kopf. `clock` is the real one outside tests."""

    def __init__(self, settings: OperatorSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.queue = WorkQueue(Pace(), random.random)
        self.world = World(self._ask)
        self.learned = asyncio.Event()
        """The cluster knows our kinds, and we know what is there of them."""
        self._unlearned = ""
        """Why not, if it was tried."""
        self._settled = asyncio.Event()
        """Everything was read once that may be."""
        self._relisted = asyncio.Event()
        self._unread = False
        self._kopf_asked_at: float | None = None
        self._reader: Cluster
        self._leader: Leader
        self._watches: dict[Resource, Watch] = {}
        self._at_work: dict[Resource, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled: learn what the cluster offers and what is in it, then lead whenever it can."""
        settings = self.settings
        terms = Terms(settings.lease_seconds, settings.renew_deadline_seconds, settings.retry_seconds)
        hold = Hold(settings.identity, terms)
        async with await self._connected(at_once=4) as plain, await self._connected() as watching:
            leader = self._leader = Leader(plain, settings.namespace, hold, self.clock)
            async with await self._connected(fence=leader.fence, at_once=settings.requests_at_once) as cluster:
                self._reader = watching
                await self.learn()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep_discovering(watching, group))
                    group.create_task(self._keep_counting(watching))
                    group.create_task(self._lead(leader, cluster))

    async def learn(self) -> None:
        """What there is, before anything is watched: tenants first, since they say which Secrets matter. As long as our
        kinds are not defined there is nobody to look after, and it is asked again."""
        while True:
            self._kopf_asked_at = self.clock.monotonic()  # it waits for us
            try:
                self.world.offered = await self._reader.kinds()
                await self._read_people()
                self._unlearned = ""
                self.learned.set()
                return
            except (AwayError, Refusal) as error:
                self._unlearned = str(error)[:300]
                _log.warning("the cluster can't be read yet", error=self._unlearned)
                if isinstance(error, Refusal) and error.status == 404:
                    for resource in (CLASSES, TENANTS):
                        self.world.recounted(resource, set(), sys.maxsize)
                await self.clock.sleep(2.0)

    async def _read_people(self) -> None:
        for resource, hear in ((CLASSES, self.world.class_event), (TENANTS, self.world.tenant_event)):
            async for page, _ in self._reader.pages(resource):
                for document in page:
                    hear("", resource.typed(document))

    def alive(self) -> str | None:
        """What is wrong with this process, if anything is; only a restart helps."""
        now = self.clock.monotonic()
        for resource, watch in self._watches.items():
            age = now - watch.heard_at
            meters.WATCH_AGE.labels(resource.kind).set(age)
            if age > _SILENCE_SECONDS:
                return f"nothing was heard of {resource.plural} for {age:.0f} s"
        if self._kopf_asked_at is not None and now - self._kopf_asked_at > 2 * KOPF_WATCHES_SECONDS:
            return f"Kopf has asked nothing for {now - self._kopf_asked_at:.0f} s"
        return None

    def kopf_asks(self) -> None:
        """Kopf is about to ask the API server something."""
        self._kopf_asked_at = self.clock.monotonic()

    def kind_missing(self, path: str, *, missing: bool) -> None:
        """The definition of tenants or classes was taken away, and all of them with it; or it is there again."""
        for resource in (CLASSES, TENANTS):
            if path.endswith(f"/{resource.plural}") and missing:
                self.world.recounted(resource, set(), sys.maxsize)
            elif path.endswith(f"/{resource.plural}"):
                self._unread = True
                self._relisted.set()

    def ready(self) -> str | None:
        """Why it can't work yet, if it can't."""
        for resource, refused in self.world.unseen.items():
            return f"{resource.plural} may not be seen: {refused}"
        if self._unlearned:
            return f"the cluster can't be read yet: {self._unlearned}"
        if self._settled.is_set():
            return f"the Lease may not be had: {self._leader.forbidden}" if self._leader.forbidden else None
        waits = [resource.plural for resource, watch in self._watches.items() if not watch.settled.is_set()]
        return f"the cluster is being read: {', '.join(waits) or 'tenants'}"

    async def _connected(self, **how: Any) -> Cluster:
        settings = self.settings
        return Cluster(
            await configuration(settings.kubeconfig),
            tell=_count,
            answer_seconds=settings.answer_seconds,
            silence_seconds=settings.watch_silence_seconds,
            **how,
        )

    def relisted(self) -> None:
        """Kopf has begun anew with a list. It does not tell of what was deleted while it did not listen."""
        self._relisted.set()

    def _ask(self, key: str, priority: Priority) -> None:
        meters.QUEUE_ADDS.inc()
        self.queue.add(key, priority)
        meters.QUEUE_DEPTH.set(len(self.queue))

    async def _keep_counting(self, cluster: Cluster) -> None:
        while True:
            await self._relisted.wait()
            await self.clock.sleep(_COUNT_AFTER_SECONDS)
            self._relisted.clear()
            await self._count_people(cluster)

    async def _count_people(self, cluster: Cluster) -> None:
        """Find out which tenants and classes were deleted while nobody listened."""
        try:
            if self._unread:
                await self._read_people()
                self._unread = False
            for resource in (CLASSES, TENANTS):
                present, version = set[str](), "0"
                async for page, version in cluster.pages(resource, only_metadata=True):  # noqa: B007
                    present |= {live["metadata"]["uid"] for live in page}
                self.world.recounted(resource, present, int(version))
        except (AwayError, Refusal) as error:
            _log.info("tenants could not be counted", error=str(error)[:300])

    async def _keep_discovering(self, cluster: Cluster, group: asyncio.TaskGroup) -> None:
        while True:
            self._watch_new(cluster, group)
            for watch in list(self._watches.values()):
                await watch.settled.wait()
            self._settled.set()
            await self.clock.sleep(_DISCOVER_SECONDS)
            await self._discover(cluster)
            self.relisted()

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
                self._at_work[view.resource] = group.create_task(watch.run())
        for gone in self._watches.keys() - {view.resource for view in views} - {SECRETS}:
            del self._watches[gone]  # its definition was taken away: nobody speaks of it any more
            self._at_work.pop(gone).cancel()
            self.world.unseen.pop(gone, None)
            with suppress(KeyError):
                meters.WATCH_AGE.remove(gone.kind)

    async def _lead(self, leader: Leader, cluster: Cluster) -> None:
        await self._settled.wait()
        await leader.run(lambda: self._reign(cluster))

    async def _reign(self, cluster: Cluster) -> None:
        """The leader's work. What it remembers of looks ends with it: who leads in between may change everything."""
        teller = Teller(cluster, self.clock, self.settings.identity)
        numbers = NumberLooks(TwilioApi(self.settings.twilio_base_url, fence=self._leader.fence), self.clock)
        told = TenantTeller(teller, self.world, self.clock)
        tenants = Reconciler(cluster, self.world, told, numbers, self.settings.defaults(), self.clock)
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
        await engine.run()

    def _keys(self) -> Iterable[str]:
        meters.TENANTS.set(len(self.world.tenants))
        return [paper.key for papers in (self.world.tenants, self.world.classes) for paper in papers]


def _count(verb: str, status: int) -> None:
    meters.REQUESTS.labels(verb, str(status)).inc()

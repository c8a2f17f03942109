"""Keeps the Lease for as long as it can, and does the leader's work for exactly as long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from concierge_core.ports import Clock
from concierge_operator import meters
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import LEASES
from concierge_operator.lease import Hold, Live, NotLeadingError, given_back, lease
from concierge_operator.refusals import AwayError, Refusal

LEASE_NAME = "concierge-operator"
Work = Callable[[], Awaitable[None]]

_log = structlog.get_logger(__name__)


class Leader:
    """One candidate. `cluster` is one without a fence: the Lease itself is written before we lead."""

    def __init__(self, cluster: Cluster, namespace: str, hold: Hold, clock: Clock) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._hold = hold
        self._clock = clock
        self._live: Live | None = None
        self.forbidden = ""
        """What the server says, if it does not let us have the Lease at all; nobody may lead then."""

    def fence(self) -> None:
        """Raises `NotLeadingError` unless this process may write now."""
        if not self._hold.leads(self._clock.monotonic()):
            raise NotLeadingError("another operator leads, or may lead by now")

    @property
    def leads(self) -> bool:
        """This process may write now."""
        return self._hold.leads(self._clock.monotonic())

    async def run(self, work: Work) -> None:
        """For ever: wait for the Lease, work while it is ours, wait again. Gives it back when cancelled."""
        try:
            while True:
                if await self._try():
                    await self._lead(work)
                await self._clock.sleep(self._hold.terms.retry_seconds)
        finally:
            meters.LEADER.set(0)
            await asyncio.shield(self._give_back())

    async def _lead(self, work: Work) -> None:
        meters.LEADER.set(1)
        _log.info("leading", lease=LEASE_NAME, identity=self._hold.identity)
        at_work = asyncio.ensure_future(work())
        try:
            while self.leads and not at_work.done():
                await asyncio.wait({at_work}, timeout=self._hold.terms.retry_seconds)
                if not at_work.done():
                    await self._try()
        finally:
            at_work.cancel()
            await asyncio.gather(at_work, return_exceptions=True)
            meters.LEADER.set(0)
        if not at_work.cancelled() and (error := at_work.exception()):
            raise error
        _log.warning("not leading any more", lease=LEASE_NAME)

    async def _try(self) -> bool:
        """Take or renew it. While the server is away our hold runs out by itself."""
        asked_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._hold.terms.renew_deadline_seconds):
                leads = await self._ask(asked_at)
            self.forbidden = ""
            return leads
        except TimeoutError:
            _log.warning("the Lease was not renewed in time")
        except AwayError as error:
            _log.warning("the API server can't be asked for the Lease", error=str(error))
        except Refusal as refused:
            self.forbidden = str(refused) if refused.status == 403 else ""
            _log.warning("the API server refused the Lease", status=refused.status, reason=refused.reason)
        self._live = None
        return False

    async def _ask(self, asked_at: float) -> bool:
        live = self._live or await self._cluster.get(LEASES, LEASE_NAME, self._namespace)
        if not self._hold.may_take(live, self._clock.monotonic()):  # as it is heard, however long that took
            self._hold.lost()
            return False
        wanted = lease(LEASE_NAME, self._namespace, live, self._hold, self._clock.now())
        try:
            if live is None:
                self._live = await self._cluster.create(LEASES, wanted, manager=LEASE_NAME)
            else:
                self._live = await self._cluster.replace(LEASES, wanted)
        except Refusal as refused:
            self._live = None
            if refused.status == 409:  # somebody else was first, or touched it: look again
                return self._hold.leads(self._clock.monotonic())
            raise
        self._hold.renewed(asked_at)
        return True

    async def _give_back(self) -> None:
        if not self.leads:
            return
        self._hold.lost()
        try:
            live = await self._cluster.get(LEASES, LEASE_NAME, self._namespace)
            if live is not None and live["spec"].get("holderIdentity") == self._hold.identity:
                await self._cluster.replace(LEASES, given_back(live))
        except (AwayError, Refusal):
            pass  # it lapses by itself

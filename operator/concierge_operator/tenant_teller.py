"""Tells of tenants: the one place where a tenant's status is written, with what follows from it."""

from __future__ import annotations

from concierge_core.ports import Clock
from concierge_operator import meters, names
from concierge_operator.kinds import TENANTS
from concierge_operator.known import Document
from concierge_operator.observe import State, Verdict
from concierge_operator.preparing import status_of
from concierge_operator.status import standstill
from concierge_operator.status_model import TenantStatus
from concierge_operator.telling import Teller
from concierge_operator.world import World


class TenantTeller:
    """Writes tenants' statuses, and Events about them."""

    def __init__(self, teller: Teller, world: World, clock: Clock) -> None:
        self._teller = teller
        self._world = world
        self._clock = clock

    async def standstill(self, document: Document, verdict: Verdict) -> None:
        """Nothing can be done now, because somebody must act or something is waited for. What runs keeps running."""
        before, generation = status_of(document), document["metadata"]["generation"]
        shown = standstill(verdict, before.conditions, generation, self._clock.now())
        acted_on = generation if verdict.state is State.FAILED else before.observed_generation
        told = {"conditions": shown, "observed_generation": acted_on}
        await self.write(document, before, before.model_copy(update=told))

    async def write(self, document: Document, before: TenantStatus, status: TenantStatus) -> bool:
        """Write the status where it says something new, and an Event for each condition that turned; whether it did."""
        metadata = document["metadata"]
        meters.CONDITIONS.tell(metadata["namespace"], metadata["name"], status.conditions)
        live = await self._teller.status(TENANTS, document, status, manager=names.STATUS_MANAGER)
        if live is not None:
            self._world.written(live)
            await self._teller.transitions(TENANTS, document, before.conditions, status.conditions)
        return live is not None

    async def warn(self, document: Document, reason: str, message: str) -> None:
        """A Warning about the tenant."""
        await self._teller.event(TENANTS, document, reason, message, good=False)

"""Tenants on their way to Ready, and what is remembered of each meanwhile: so that a hundred that come at once do not
cost a question and a word for every step of every pod.

Nothing here outlives the process; who leads next asks anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from concierge_core.ports import Clock
from concierge_operator import names
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import child
from concierge_operator.observe import Verdict, volume_trouble
from concierge_operator.render.context import Context
from concierge_operator.sightings import Place, Sighting
from concierge_operator.starting import keeps_from_starting

ASK_AFTER_SECONDS = 10.0
"""Pods often say what a Deployment doesn't: no image, a crash. They are asked when it takes long, and as seldom."""
TELL_AFTER_SECONDS = 5.0
"""Which pod of which part is awaited may be known this much later; a status is a costly write."""
_NEVER = float("-inf")


@dataclass(slots=True)
class _Wait:
    since: float
    told_at: float = _NEVER
    asked_at: float = _NEVER
    asked_of: tuple[int, str, str] | None = None
    """Generation, version and condition that were asked about: of others the answer says nothing."""
    trouble: Verdict | None = None


class Waiting:
    """One for the operator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[str, _Wait] = {}

    def waits(self, key: str, for_seconds: float) -> None:
        """It is not Ready, and has not been for so long as its status tells."""
        # An operator that has just begun would otherwise forget a reason for some seconds, and write that it did.
        self._of.setdefault(key, _Wait(self._clock.monotonic() - for_seconds))

    def forget(self, key: str) -> None:
        """It waits for nothing any more."""
        self._of.pop(key, None)

    def told(self, key: str) -> None:
        """Its status was written."""
        if key in self._of:
            self._of[key].told_at = self._clock.monotonic()

    def may_tell(self, key: str) -> bool:
        """Nothing was told of it in the last seconds."""
        wait = self._of.get(key)
        return wait is None or self._clock.monotonic() - wait.told_at >= TELL_AFTER_SECONDS

    async def trouble(
        self,
        key: str,
        ctx: Context,
        generation: int,
        slow: Sequence[str],
        seen: Mapping[Place, Sighting],
        cluster: Cluster,
    ) -> Verdict | None:
        """What explains it, once it takes long. `slow`: conditions that don't hold; `seen`: what is waited for."""
        wait, now = self._of[key], self._clock.monotonic()
        if now - wait.since < ASK_AFTER_SECONDS:
            return None
        asked_of = (generation, ctx.version, slow[0])
        if wait.asked_of != asked_of or now - wait.asked_at >= ASK_AFTER_SECONDS:
            wait.trouble = await _trouble(ctx, slow, seen, cluster)
            wait.asked_of, wait.asked_at = asked_of, now
        return wait.trouble


async def _trouble(
    ctx: Context, slow: Sequence[str], seen: Mapping[Place, Sighting], cluster: Cluster
) -> Verdict | None:
    labels = names.made_for(ctx.tenant)
    trouble = await keeps_from_starting(cluster, ctx.namespace, seen, labels)
    if "DatabaseReady" in slow and (trouble is None or trouble.reason == "Unschedulable"):
        claims, _ = await cluster.list(child("PersistentVolumeClaim"), ctx.namespace)
        return volume_trouble(claims) or trouble
    return trouble

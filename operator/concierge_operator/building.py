"""Brings one tenant's objects to what was rendered, a stage at a time, and notes what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import structlog

from concierge_core.telemetry import span
from concierge_operator import growing, meters, names, plan, trouble
from concierge_operator.cluster import Cluster, Manifest
from concierge_operator.drift import authors, drifted
from concierge_operator.inventory import Inventory, Note
from concierge_operator.kinds import TENANTS, child, resource_of
from concierge_operator.observe import State, Verdict
from concierge_operator.plan import Deed, Owner, Step
from concierge_operator.refusals import Refusal, Retry
from concierge_operator.render.context import Context
from concierge_operator.sightings import Place, Sightings, sighting

_log = structlog.get_logger(__name__)
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mended:
    """Something of ours that others had changed. `fields` are dotted paths, empty when it was deleted."""

    place: Place
    authors: tuple[str, ...]
    fields: tuple[str, ...]

    def told(self) -> str:
        """A sentence for people."""
        what = f"changed {', '.join(self.fields[:5])} of" if self.fields else "deleted"
        return f"{' and '.join(self.authors) or _UNKNOWN} {what} {self.place[0]} {self.place[1]}; it was put right."


@dataclass(slots=True)
class Builder:
    """One look at one tenant. `inventory` is what was noted before, and is kept up to date."""

    cluster: Cluster
    sightings: Sightings
    ctx: Context
    inventory: Inventory
    mended: list[Mended] = field(default_factory=list)

    async def stage(self, name: str, manifests: Iterable[Manifest]) -> Verdict | None:
        """Bring these to what they should be; what keeps one of them from it, the others done all the same.

        Raises `AwayError`, and a `Refusal` that may pass: the whole look is repeated later.
        """
        owner = Owner(self.ctx.tenant, self.ctx.uid)
        wanted = [plan.owned_by(owner, manifest, TENANTS.api_version, TENANTS.kind) for manifest in manifests]
        steps = plan.steps(wanted, self.inventory, self.sightings.of(self.ctx.namespace), self.ctx.uid)
        todo = [step for step in steps if step.deed is not Deed.NOTHING]
        for step in steps:
            if step.deed is Deed.NOTHING:
                meters.APPLIES.labels(step.place[0], "skipped").inc()
        if not todo:
            return None
        with span("apply", concierge__stage=name, concierge__objects=len(todo)):
            results = await asyncio.gather(*(self._do(step) for step in todo), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return next((result for result in results if isinstance(result, Verdict)), None)

    async def tidy(self, manifests: Iterable[Manifest], *, settled: bool) -> None:
        """Take away what is ours and no longer rendered."""
        seen = self.sightings.of(self.ctx.namespace)
        for place, live in plan.leftovers(manifests, seen, self.ctx.uid, settled=settled):
            resource = child(place[0])
            await self.cluster.delete(resource, place[1], self.ctx.namespace, uid=live.uid)
            meters.APPLIES.labels(place[0], "removed").inc()
            self.inventory.pop(place, None)

    async def let_go_of_outdated(self, jobs: Iterable[Manifest]) -> None:
        """Delete Jobs that were made with another configuration or other secrets: they are made anew with these."""
        for wanted in jobs:
            resource, name = resource_of(wanted), wanted["metadata"]["name"]
            live = await self.cluster.get(resource, name, self.ctx.namespace)
            noted = (live or {}).get("metadata", {}).get("annotations") or {}
            if live is not None and not wanted["metadata"]["annotations"].items() <= noted.items():
                await self.cluster.delete(resource, name, self.ctx.namespace, uid=live["metadata"]["uid"])

    async def _do(self, step: Step) -> Verdict | None:
        kind, name = step.place
        if step.deed is Deed.REFUSE:
            return _name_taken(self.ctx, step.place)
        if step.deed is Deed.WAIT:
            raise Retry(f"{kind} {name} of before is on its way out")
        if step.deed is Deed.MEND:
            await self._note_drift(step)
        return await self._apply(step)

    async def _there_already(self, step: Step) -> Verdict | None:
        """It was to be made, and there is one of its name: our own that we had not heard of yet, or somebody else's."""
        resource = resource_of(step.manifest)
        live = await self.cluster.get(resource, step.place[1], self.ctx.namespace, only_metadata=True)
        if live is not None:
            known = sighting(resource, resource.typed(live))
            if known.deleting:
                raise Retry(f"{step.place[0]} {step.place[1]} of before is on its way out")
            if known.tenant_uid != self.ctx.uid:
                return _name_taken(self.ctx, step.place)
        return await self._apply(replace(step, deed=Deed.APPLY))

    async def _note_drift(self, step: Step) -> None:
        live = await self.cluster.get(resource_of(step.manifest), step.place[1], self.ctx.namespace)
        if live is None:
            return
        paths = drifted(step.manifest, live)
        who = authors(live, paths, ours=names.FIELD_MANAGER)
        self._mended(Mended(step.place, tuple(who), tuple(".".join(path) for path in paths)))

    def _mended(self, mended: Mended) -> None:
        self.mended.append(mended)
        meters.DRIFT.labels(mended.place[0], mended.authors[0] if mended.authors else _UNKNOWN).inc()

    async def _apply(self, step: Step) -> Verdict | None:
        resource = resource_of(step.manifest)
        try:
            only_new = step.deed is Deed.MAKE
            answer = await self.cluster.apply(resource, step.manifest, manager=names.FIELD_MANAGER, only_new=only_new)
        except Refusal as refused:
            if only_new and refused.status == 409:
                return await self._there_already(step)
            meters.APPLIES.labels(resource.kind, "refused").inc()
            live = self.sightings.of(self.ctx.namespace).get(step.place)
            if live is not None and growing.is_about_claims(resource.kind, refused):
                return await growing.grow(self.cluster, step.manifest, live.uid)
            return self._refused(step, refused)
        self.sightings.put(resource, answer)
        if only_new and step.place in self.inventory:
            self._mended(Mended(step.place, (), ()))
        self.inventory[step.place] = Note(step.hash, sighting(resource, answer).owned)
        meters.APPLIES.labels(resource.kind, "drift" if step.deed is Deed.MEND else "applied").inc()
        return None

    def _refused(self, step: Step, refused: Refusal) -> Verdict:
        kind, name = step.place
        _log.warning("an object was refused", kind=kind, name=name, status=refused.status, reason=refused.reason)
        if refused.may_pass:
            raise refused
        if refused.status == 404:
            return Verdict(State.FAILED, "KindMissing", f"This cluster does not know {kind}; install what defines it.")
        return trouble.of_refusal(refused, f"{kind} {name}", self.ctx.namespace)


def _name_taken(ctx: Context, place: Place) -> Verdict:
    told = (
        f"{place[0]} {ctx.namespace}/{place[1]} is there already and is not this tenant's. "
        "Rename or delete it, or give the tenant a namespace of its own."
    )
    return Verdict(State.FAILED, "NameTaken", told)

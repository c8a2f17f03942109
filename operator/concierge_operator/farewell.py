"""Taking a tenant away: what has to be done before the cluster tidies up, and what of its data stays.

Objects of ours carry a reference to their tenant and go with it. Volumes, passwords and keys stay under `Retain`. A
finalizer is set only where something has to be done first, and dead credentials never hold it up. A backup that fails
does (`Snapshot` was asked for so that nothing is lost), until somebody changes the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from concierge_core.tenant.cluster import Suspend
from concierge_operator import findings, names
from concierge_operator.building import Builder
from concierge_operator.cluster import Cluster, Manifest
from concierge_operator.engine import Looked
from concierge_operator.inventory import inventory_of
from concierge_operator.kinds import SECRETS, TENANTS, child
from concierge_operator.known import Document, key_of
from concierge_operator.names import Component
from concierge_operator.number_looks import NumberLooks
from concierge_operator.number_model import VoiceNumber
from concierge_operator.observe import READY, State, Verdict, job
from concierge_operator.preparing import status_of
from concierge_operator.refusals import Refusal
from concierge_operator.render import Stage, render
from concierge_operator.render.backup import BACKUP_NAME, snapshot_job
from concierge_operator.render.context import Context
from concierge_operator.sightings import Place
from concierge_operator.starting import keeps_from_starting
from concierge_operator.tenant_teller import TenantTeller
from concierge_operator.trouble import NAMESPACE_GOES
from concierge_operator.twilio_number import desired
from concierge_operator.world import World

FINALIZER = f"{names.DOMAIN}/farewell"
_FINAL = "final"
_LAST_JOB: Place = ("Job", f"{BACKUP_NAME}-{_FINAL}")
_DATABASE: Place = ("StatefulSet", names.object_name(Component.POSTGRES))
_LOOK_AGAIN_SECONDS = 5.0
_LAST_BACKUP = Verdict(State.PROGRESSING, "LastBackup", "The last backup is made before the tenant goes.")
_WAKING = Verdict(State.PROGRESSING, "WakingDatabase", "The database wakes, so that the last backup can be made.")

_log = structlog.get_logger(__name__)


class Farewell:
    """Sets the finalizer while a tenant lives, and does what it stands for when the tenant goes."""

    def __init__(self, cluster: Cluster, world: World, numbers: NumberLooks, teller: TenantTeller) -> None:
        self._cluster = cluster
        self._world = world
        self._numbers = numbers
        self._teller = teller

    async def hold(self, document: Document, ctx: Context, numbers: Sequence[VoiceNumber]) -> Document:
        """Set or lift the finalizer, as the tenant needs it; the document as it is now."""
        held = document["metadata"].get("finalizers") or []
        needed = ctx.spec.deletion_policy != "Retain" or bool(numbers) or bool(desired(ctx.spec, ctx.public_url))
        if (FINALIZER in held) is needed:
            return document
        return await self._set(document, [*held, FINALIZER] if needed else _without(held))

    async def finish(self, document: Document, ready: Context | Verdict) -> Looked:
        """Do what has to be done, then let the tenant go. `ready` is a verdict where its spec can't be read."""
        held = document["metadata"].get("finalizers") or []
        if FINALIZER not in held or not await self._still_held(document):
            return Looked()
        document = await self._without_numbers(document)
        policy = document["spec"].get("deletionPolicy", "Retain")
        saved = await self._save(ready, document) if policy == "Snapshot" else READY
        if saved.reason == NAMESPACE_GOES:
            # Its volumes go as well, whatever is done here; held up, it would only hang.
            _log.warning("no last backup was made: the whole namespace is being deleted", tenant=key_of(document))
        elif not saved.ready:
            await self._teller.standstill(document, saved)
            return Looked(again_seconds=_LOOK_AGAIN_SECONDS)
        if policy != "Retain":
            await self._cluster.delete(SECRETS, names.GENERATED_SECRET, document["metadata"]["namespace"])
        await self._set(document, _without(held))
        return Looked()

    async def _still_held(self, document: Document) -> bool:
        """Asked of the cluster: an answer that was lost or news that is late would otherwise have a tenant that is gone
        saved once more, and the keys deleted of one that came after it."""
        metadata = document["metadata"]
        live = await self._cluster.get(TENANTS, metadata["name"], metadata["namespace"], only_metadata=True)
        told = live["metadata"] if live is not None else {}
        return told.get("uid") == metadata["uid"] and FINALIZER in (told.get("finalizers") or [])

    async def _save(self, ready: Context | Verdict, document: Document) -> Verdict:
        """The last backup: ready once it has succeeded."""
        if isinstance(ready, Verdict):
            return ready
        if ready.spec.backup.destination is None:
            told = "deletionPolicy is Snapshot, but spec.backup.destination is missing; add it, or change the policy."
            return Verdict(State.FAILED, "NoDestination", told)
        ready = replace(ready, spec=ready.spec.model_copy(update={"suspend": Suspend()}))
        asleep = await self._wake_data(ready, document)
        if asleep is not None:
            return await self._explained(ready, Component.POSTGRES, _DATABASE, asleep)
        live = await self._cluster.get(child("Job"), _LAST_JOB[1], ready.namespace)
        # One that an earlier tenant of this name made, and the cluster has not tidied up yet, is no backup of this one.
        if live is not None and (live["metadata"].get("labels") or {}).get(names.TENANT_UID) == ready.uid:
            return await self._explained(ready, Component.BACKUP, _LAST_JOB, _last_backup(live))
        builder = self._builder(ready, document)
        return await builder.stage("farewell", [snapshot_job(ready, _FINAL)]) or _LAST_BACKUP

    async def _explained(self, ctx: Context, part: Component, place: Place, verdict: Verdict) -> Verdict:
        """What keeps its pod from starting, where something does, says more than that it is waited for."""
        if verdict.state is not State.PROGRESSING:
            return verdict
        seen = self._world.sightings.of(ctx.namespace)
        its = {place: seen[place]} if place in seen else {}
        labels = {names.COMPONENT: part.value}
        return await keeps_from_starting(self._cluster, ctx.namespace, its, labels) or verdict

    async def _wake_data(self, ctx: Context, document: Document) -> Verdict | None:
        """A house that is closed for the season has no database at work; what has to be waited for, if anything has."""
        if findings.data_ready(ctx, self._world.sightings.of(ctx.namespace)).ready:
            return None
        builder, stages = self._builder(ctx, document), render(ctx)
        for stage in (Stage.GUARD, Stage.CONFIG, Stage.DATA):
            stopped = await builder.stage(stage.value, stages.of[stage])
            if stopped is not None:
                return stopped
        return _WAKING

    def _builder(self, ctx: Context, document: Document) -> Builder:
        return Builder(self._cluster, self._world.sightings, ctx, inventory_of(status_of(document).inventory))

    async def _without_numbers(self, document: Document) -> Document:
        """First of all give its telephone numbers back: no caller waits for a backup. The document as it is now."""
        before = status_of(document)
        if not before.numbers:
            return document
        result = await self._numbers.farewell(document["metadata"]["namespace"], before.numbers, self._cluster)
        if result.verdict is not None and not result.verdict.ready:
            await self._teller.warn(document, result.verdict.reason, result.verdict.message)
        await self._teller.write(document, before, before.model_copy(update={"numbers": []}))
        paper = self._world.tenants.get(key_of(document))
        return paper.document() if paper is not None else document

    async def _set(self, document: Document, finalizers: list[str]) -> Document:
        metadata = document["metadata"]
        # With its resource version: another writer's finalizer is never lost, nor a tenant that came after touched.
        patch = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": finalizers}}
        try:
            live = await self._cluster.merge(TENANTS, metadata["name"], metadata["namespace"], patch)
        except Refusal as refused:
            if refused.status == 404:
                return document
            raise
        self._world.written(live)
        return live


def _last_backup(live: Manifest) -> Verdict:
    verdict = job(live)
    if verdict.state is State.PROGRESSING:
        return _LAST_BACKUP
    if verdict.state is State.FAILED:
        remedy = "Delete the Job to try once more, or set spec.deletionPolicy to Retain or Delete."
        return replace(verdict, message=f"The last backup before the tenant goes: {verdict.message}. {remedy}")
    return verdict


def _without(held: list[str]) -> list[str]:
    return [one for one in held if one != FINALIZER]

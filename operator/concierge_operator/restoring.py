"""Restores one tenant from an archive: applies what `restores` decides. Broken off anywhere, it goes on from there."""

from __future__ import annotations

import base64
from typing import Any

from concierge_core.errors import ConciergeError
from concierge_operator import names, restores
from concierge_operator.building import Builder
from concierge_operator.cluster import Cluster
from concierge_operator.findings import data_ready
from concierge_operator.kinds import DEPLOYMENTS, PODS, SECRETS, TENANTS, child
from concierge_operator.known import Document
from concierge_operator.observe import State, Verdict
from concierge_operator.render import Context, Stage, Stages
from concierge_operator.render.backup import restore_job, restore_name
from concierge_operator.render.secrets import ENCRYPTION_KEYS, INTERNAL_TOKEN
from concierge_operator.restores import Next, Step


async def restore(
    cluster: Cluster, document: Document, ctx: Context, builder: Builder, stages: Stages
) -> tuple[Document, Verdict]:
    """One step further; the tenant as it is after it, and what its status says meanwhile. Ready when it is done."""
    archive = restores.asked(document) or ""
    refused = restores.refusal(archive) or _impossible(ctx)
    if refused is not None:
        return document, refused
    waiting = await _at_rest(ctx, builder, stages, archive)
    if waiting is not None:
        return document, waiting
    step = await _look(cluster, ctx, archive)
    if step.next is Next.START:
        return document, await builder.stage("restore", [restore_job(ctx, archive)]) or step.verdict
    if step.next is Next.FINISH:
        return await _finish(cluster, document, ctx, archive, step)
    return document, step.verdict


async def forget(cluster: Cluster, document: Document, builder: Builder) -> Document:
    """Nothing is asked for any more: the same may be asked for anew later. The tenant as it is now.

    The Job that restored it goes before any app is back, for it would stand for what is asked for then.
    """
    used = ("Job", restore_name(restores.last(document) or ""))
    live = builder.sightings.of(builder.ctx.namespace).get(used)
    if live is not None:
        await cluster.delete(child("Job"), used[1], builder.ctx.namespace, uid=live.uid)
    builder.inventory.pop(used, None)
    patch = restores.forgotten(document)
    return await _annotate(cluster, document, patch) if patch else document


def _impossible(ctx: Context) -> Verdict | None:
    if ctx.suspended:
        told = "A closed house has no database to restore into; wake it first: concierge wake."
        return Verdict(State.FAILED, "RestoreNeedsOpenHouse", told)
    if ctx.spec.backup.destination is None:
        return Verdict(State.FAILED, "NoDestination", "spec.backup.destination is missing: say where the archives lie.")
    return None


async def _at_rest(ctx: Context, builder: Builder, stages: Stages, archive: str) -> Verdict | None:
    """Everything but the apps, and these without pods; what keeps it from being so."""
    for stage in (Stage.GUARD, Stage.CONFIG, Stage.DATA, Stage.WORKLOADS):
        stopped = await builder.stage(stage.value, restores.resting(stages.of[stage]))
        if stopped is not None:
            return stopped
    kept = [*restores.resting(stages.all), restore_job(ctx, archive)]
    await builder.tidy(kept, settled=True)
    data = data_ready(ctx, builder.sightings.of(ctx.namespace))
    return None if data.ready else data


async def _look(cluster: Cluster, ctx: Context, archive: str) -> Step:
    labels = names.made_for(ctx.tenant)
    apps, _ = await cluster.list(DEPLOYMENTS, ctx.namespace, labels=labels)
    pods, _ = await cluster.list(PODS, ctx.namespace, labels=labels)
    job = await cluster.get(child("Job"), restore_name(archive), ctx.namespace)
    return restores.next_step(apps, pods, job)


async def _finish(
    cluster: Cluster, document: Document, ctx: Context, archive: str, step: Step
) -> tuple[Document, Verdict]:
    """The archive's keys first: without them what was restored can't be read."""
    live = await cluster.get(SECRETS, names.GENERATED_SECRET, ctx.namespace)
    if live is None:
        return document, Verdict(State.PROGRESSING, restores.RESTING, f"Secret {names.GENERATED_SECRET} is made anew.")
    try:
        keys = restores.keys_after(
            step.message, current=_text(live, ENCRYPTION_KEYS), token=_text(live, INTERNAL_TOKEN)
        )
    except ConciergeError as error:
        return document, Verdict(State.FAILED, "RestoreKeysUnusable", f"The keys of the archive can't be read: {error}")
    version = live["metadata"]["resourceVersion"]
    data = {ENCRYPTION_KEYS: base64.b64encode(keys.encode()).decode()}
    patch = {"metadata": {"resourceVersion": version}, "data": data}
    await cluster.merge(SECRETS, names.GENERATED_SECRET, ctx.namespace, patch)
    # Only then its Job, which `forget` does: broken off in between, it would be restored a second time.
    return await _annotate(cluster, document, restores.done(archive)), step.verdict


def _text(live: dict[str, Any], key: str) -> str:
    return base64.b64decode((live.get("data") or {}).get(key, "")).decode()


async def _annotate(cluster: Cluster, document: Document, patch: restores.Patch) -> Document:
    metadata = document["metadata"]
    body = {"metadata": {"uid": metadata["uid"], "annotations": patch}}
    return await cluster.merge(TENANTS, metadata["name"], metadata["namespace"], body)

"""`concierge diff`: what another version, class or operator would change, told before anything is changed."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import metadata

from concierge_cli.cluster_place import Place, at_cluster
from concierge_operator import names
from concierge_operator.comparing import changes, restarts
from concierge_operator.kinds import TENANTS, present, resource_of
from concierge_operator.known import Document
from concierge_operator.observe import Verdict
from concierge_operator.plan import Owner, leftovers, owned_by
from concierge_operator.preparing import status_of
from concierge_operator.refusals import Refusal
from concierge_operator.render import Context, Stage, Stages, render
from concierge_operator.sightings import Sightings


def run(arguments: argparse.Namespace) -> int:
    """Print it: 0 if nothing would change, 1 if something would."""

    async def deed(place: Place) -> int:
        changed = 0
        for document in await place.tenants(arguments):
            changed += await _compare(place, document, arguments)
        return 1 if changed else 0

    return at_cluster(arguments, deed)


async def _compare(place: Place, document: Document, arguments: argparse.Namespace) -> bool:
    """One tenant; True if something would change."""
    name = f"{document['metadata']['namespace']}/{document['metadata']['name']}"
    ready = await place.prepared(document, await place.brand_of(document))
    if isinstance(ready, Verdict):
        print(f"{name}: {ready.message}")
        return True
    prints = {mark.name: mark.fingerprint for mark in status_of(document).secrets}
    ctx = replace(ready, secret_fingerprints=prints, version=_version(ready, arguments))
    lines, pods = await _differences(place, ctx, document)
    restarted = f" Pods that are replaced: {', '.join(pods)}." if pods else " No pod is replaced."
    print(f"{name}: {'nothing would change.' if not lines else f'{len(lines)} fields would change.{restarted}'}")
    for line in lines:
        print(f"  {line}")
    return bool(lines)


def _version(ctx: Context, arguments: argparse.Namespace) -> str:
    if arguments.to_version == "this":
        return metadata.version("concierge")
    return str(arguments.to_version or ctx.version)


async def _differences(place: Place, ctx: Context, document: Document) -> tuple[list[str], list[str]]:
    lines: list[str] = []
    pods: list[str] = []
    stages = render(ctx)
    for stage in Stage:
        for manifest in stages.of[stage]:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            live = await place.cluster.get(resource_of(manifest), name, ctx.namespace)
            if stage is Stage.MIGRATION:
                done = status_of(document).migration
                if live is None and not (done and done.job == name):
                    lines.append(f"Job {name}: the database is migrated for {ctx.version} first")
                continue
            found = await _dry_run(place, ctx, manifest, live)
            lines += [f"{kind} {name}: {line}" for line in found[0]]
            pods += [name] if found[1] else []
    return lines + await _taken_away(place, ctx, stages), pods


async def _taken_away(place: Place, ctx: Context, stages: Stages) -> list[str]:
    """What is no longer needed. ConfigMaps and Jobs, whose names change with their content, go without a word."""
    seen = Sightings()
    for resource in present(place.offered):
        found, _ = await place.cluster.list(resource, ctx.namespace, labels=names.made_for(ctx.tenant))
        for live in found:
            seen.put(resource, resource.typed(live))
    gone = leftovers(stages.all, seen.of(ctx.namespace), ctx.uid, settled=False)
    return [f"{kind} {name}: would be taken away" for (kind, name), _ in gone]


async def _dry_run(place: Place, ctx: Context, manifest: Document, live: Document | None) -> tuple[list[str], bool]:
    """The server says what would come out, defaults included; it stores nothing."""
    owner = Owner(ctx.tenant, ctx.uid)
    wanted = owned_by(owner, manifest, TENANTS.api_version, TENANTS.kind)
    try:
        applied = await place.cluster.apply(resource_of(manifest), wanted, manager=names.FIELD_MANAGER, dry_run=True)
    except Refusal as refused:
        return [f"would be refused: {refused}"], False
    if live is None:
        return ["would be made"], False
    found = changes(live, applied)
    return [change.told() for change in found], restarts(manifest["kind"], found)

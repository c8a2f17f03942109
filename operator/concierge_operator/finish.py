"""Taking a tenant away: what has to be done before the cluster tidies up, and what of its data stays.

Objects of ours carry a reference to their tenant and go with it. Volumes, passwords and keys stay under `Retain`. A
finalizer is set only where something has to be done first, and nothing that is out of reach for good holds it up.
"""

from __future__ import annotations

from concierge_operator import names
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import SECRETS, TENANTS
from concierge_operator.known import Document
from concierge_operator.refusals import Refusal
from concierge_operator.render.context import Context
from concierge_operator.world import World

FINALIZER = f"{names.DOMAIN}/farewell"


def wants_hold(ctx: Context) -> bool:
    """Something has to be done before the tenant may go."""
    return ctx.spec.deletion_policy != "Retain"


async def hold(cluster: Cluster, document: Document, ctx: Context, world: World) -> Document:
    """Set or lift the finalizer, as the spec wants it; the document as it is now."""
    held = document["metadata"].get("finalizers") or []
    if (FINALIZER in held) is wants_hold(ctx):
        return document
    return await _set(cluster, document, [*held, FINALIZER] if FINALIZER not in held else _without(held), world)


async def finish(cluster: Cluster, document: Document, world: World) -> None:
    """The tenant is being deleted: do what has to be done, then let it go."""
    held = document["metadata"].get("finalizers") or []
    if FINALIZER not in held:
        return
    if document["spec"].get("deletionPolicy", "Retain") != "Retain":
        await cluster.delete(SECRETS, names.GENERATED_SECRET, document["metadata"]["namespace"])
    await _set(cluster, document, _without(held), world)


async def _set(cluster: Cluster, document: Document, finalizers: list[str], world: World) -> Document:
    metadata = document["metadata"]
    # With its resource version: another writer's finalizer is never lost, and a tenant that came after is not touched.
    patch = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": finalizers}}
    try:
        live = await cluster.merge(TENANTS, metadata["name"], metadata["namespace"], patch)
    except Refusal as refused:
        if refused.status == 404:
            return document
        raise
    world.tenants.put(live)
    return live


def _without(held: list[str]) -> list[str]:
    return [one for one in held if one != FINALIZER]

"""`concierge cleanup -n NAMESPACE`: what a deleted tenant left behind (volumes, passwords, keys), and its removal."""

from __future__ import annotations

import argparse

from concierge_cli.cluster_place import Place, at_cluster
from concierge_operator import names
from concierge_operator.farewell import FINALIZER
from concierge_operator.kinds import SECRETS, TENANTS, Resource, child, present
from concierge_operator.known import Document

Found = list[tuple[Resource, Document]]


def run(arguments: argparse.Namespace) -> int:
    """Say what is there; with --yes take it away: 0. 1 while a tenant lives there."""

    async def deed(place: Place) -> int:
        tenants, _ = await place.cluster.list(TENANTS, arguments.namespace)
        alive = [one["metadata"]["name"] for one in tenants if "deletionTimestamp" not in one["metadata"]]
        if alive:
            told = f"kubectl delete ct {alive[0]} -n {arguments.namespace}"
            print(f"The tenant {alive[0]} lives here; nothing was changed. To take it away: {told}")
            return 1
        stuck = [one for one in tenants if FINALIZER in one["metadata"].get("finalizers", ())]
        found = await _left(place, arguments.namespace)
        await _tidy(place, stuck, found, arguments)
        return 0

    return at_cluster(arguments, deed)


async def _left(place: Place, namespace: str) -> Found:
    found: Found = []
    ours = {names.MANAGED_BY: names.FIELD_MANAGER}
    for resource in (*present(place.offered), SECRETS):
        listed, _ = await place.cluster.list(resource, namespace, labels=ours)
        found += [(resource, one) for one in listed]
    # A StatefulSet's claims carry the labels of its pods only.
    claims, _ = await place.cluster.list(
        child("PersistentVolumeClaim"), namespace, labels={"app.kubernetes.io/name": "concierge"}
    )
    known = {one["metadata"]["uid"] for _, one in found}
    return found + [(child("PersistentVolumeClaim"), one) for one in claims if one["metadata"]["uid"] not in known]


async def _tidy(place: Place, stuck: list[Document], found: Found, arguments: argparse.Namespace) -> None:
    will = "is" if arguments.yes else "would be"
    for tenant in stuck:
        name = tenant["metadata"]["name"]
        print(f"ConciergeTenant {name} {will} let go, though its last backup or its numbers may not be seen to.")
        if arguments.yes:
            rest = [one for one in tenant["metadata"]["finalizers"] if one != FINALIZER]
            patch = {"metadata": {"uid": tenant["metadata"]["uid"], "finalizers": rest}}
            await place.cluster.merge(TENANTS, name, arguments.namespace, patch)
    for resource, one in found:
        print(f"{resource.kind} {one['metadata']['name']} {will} deleted.")
        if arguments.yes:
            uid = one["metadata"]["uid"]
            await place.cluster.delete(resource, one["metadata"]["name"], arguments.namespace, uid=uid)
    if not stuck and not found:
        print(f"Nothing of a tenant is left in {arguments.namespace}.")
    elif not arguments.yes:
        print(
            "Nothing was changed. Guests' conversations are in the volumes, their keys in the Secret: once deleted, "
            "only a backup brings them back. To go on: the same with --yes."
        )

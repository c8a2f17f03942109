"""`concierge explain TENANT`: how a tenant is, why, what others changed in it, where each of its values comes from."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from concierge_cli.cluster_place import Place, at_cluster
from concierge_core.tenant.brand import ConciergeClass
from concierge_operator import names
from concierge_operator.explaining import explained
from concierge_operator.kinds import present
from concierge_operator.known import Document
from concierge_operator.preparing import status_of
from concierge_operator.resolve import Resolved, resolve


def run(arguments: argparse.Namespace) -> int:
    """Print it: 0 if every tenant that was asked for is Ready, else 1."""

    async def deed(place: Place) -> int:
        told = [await _explain(place, document) for document in await place.tenants(arguments)]
        return 0 if all(told) else 1

    return at_cluster(arguments, deed)


async def _explain(place: Place, document: Document) -> bool:
    status = status_of(document)
    resolved = _resolved(document, await place.brand_of(document))
    children = await _children(place, document["metadata"])
    print("\n".join(explained(document, status, resolved, children, datetime.now(UTC))), end="\n\n")
    return any(one.type == "Ready" and one.status == "True" for one in status.conditions)


async def _children(place: Place, metadata: dict[str, Any]) -> list[Document]:
    labels = {names.TENANT_UID: metadata["uid"]}
    found: list[Document] = []
    for resource in present(place.offered):
        listed, _ = await place.cluster.list(resource, metadata["namespace"], labels=labels)
        found += [{"kind": resource.kind, **one} for one in listed]
    return found


def _resolved(document: Document, brand: Document | None) -> Resolved | None:
    try:
        return resolve(document, ConciergeClass.model_validate(brand) if brand else None)
    except ValidationError:
        return None  # its condition says what is wrong with it

"""`concierge suspend TENANT` and `concierge wake TENANT`: close a house for the season, and open it again."""

from __future__ import annotations

import argparse
from typing import Any

from concierge_cli.cluster_place import Place, at_cluster
from concierge_operator.kinds import TENANTS


def run(arguments: argparse.Namespace) -> int:
    """Change the spec as `kubectl patch` would; the operator does the rest: 0."""
    closing = arguments.deed == "suspend"
    suspend: dict[str, Any] = {"active": closing}
    if closing and arguments.reopens_on is not None:
        suspend["reopensOn"] = arguments.reopens_on

    async def deed(place: Place) -> int:
        for document in await place.tenants(arguments):
            metadata = document["metadata"]
            patch = {"spec": {"suspend": suspend}}
            await place.cluster.merge(TENANTS, metadata["name"], metadata["namespace"], patch)
            told = "is closed: its data is kept, one page says when it opens again" if closing else "opens again"
            print(
                f"{metadata['namespace']}/{metadata['name']} {told}. See: concierge explain {metadata['name']} "
                f"-n {metadata['namespace']}"
            )
        return 0

    return at_cluster(arguments, deed)

"""`concierge restore TENANT --from ARCHIVE`: has the operator put an archive in the place of all data, and waits."""

from __future__ import annotations

import argparse
import asyncio
import time

from concierge_cli.backup import back_up
from concierge_cli.cluster_place import Place, at_cluster
from concierge_operator import restores
from concierge_operator.kinds import TENANTS, child
from concierge_operator.known import Document
from concierge_operator.observe import State, job
from concierge_operator.preparing import status_of
from concierge_operator.render.backup import restore_name
from concierge_operator.status_model import Condition

_LOOK_SECONDS = 1.0
_OLD_NEWS_SECONDS = 15.0
"""What was in the way before it was asked is told only if it still is after so long."""


def run(arguments: argparse.Namespace) -> int:
    """Restore: 0 when the house is open again, 1 when it is not."""
    refused = restores.refusal(arguments.archive)
    if refused is not None:
        print(refused.message)
        return 1

    async def deed(place: Place) -> int:
        [document] = await place.tenants(arguments)
        name = f"{document['metadata']['namespace']}/{document['metadata']['name']}"
        if not arguments.yes and not _agreed(name, arguments.archive):
            print("Nothing was changed.")
            return 1
        if not arguments.no_backup and not await back_up(place, document):
            print("Nothing was changed. Mend the backup, or leave it out with --no-backup.")
            return 1
        await _ask(place, document, arguments.archive)
        return 0 if await _wait(place, document, arguments.archive) else 1

    return at_cluster(arguments, deed)


def _agreed(name: str, archive: str) -> bool:
    print(f"All data of {name} is replaced by the archive {archive}; what was written since is lost.")
    try:
        return input("Write yes to go on: ").strip().lower() == "yes"
    except EOFError:
        print("(nobody is there to ask; --yes agrees beforehand)")
        return False


async def _ask(place: Place, document: Document, archive: str) -> None:
    metadata = document["metadata"]
    earlier = await place.cluster.get(child("Job"), restore_name(archive), metadata["namespace"])
    if earlier is not None and job(earlier).state is State.FAILED:  # it would stand for this attempt too
        await place.cluster.delete(child("Job"), restore_name(archive), metadata["namespace"])
    patch = {"metadata": {"uid": metadata["uid"], "annotations": restores.request(archive)}}
    await place.cluster.merge(TENANTS, metadata["name"], metadata["namespace"], patch)


async def _wait(place: Place, document: Document, archive: str) -> bool:
    """Say each step once, until the house is open again or the restore has failed."""
    metadata, told = document["metadata"], ""
    before, began = _shown(document).get("Stalled"), time.monotonic()
    while True:
        live = await place.cluster.get(TENANTS, metadata["name"], metadata["namespace"])
        if live is None:
            print("The tenant was deleted.")
            return False
        shown = _shown(live)
        ready, stalled = shown.get("Ready"), shown.get("Stalled")
        done = (live["metadata"].get("annotations") or {}).get(restores.RESTORED) == archive
        if done and _holds(ready):
            print("The data is restored, and the house is open.")
            return True
        old = before is not None and stalled is not None and _holds(stalled) and stalled.message == before.message
        if old and time.monotonic() - began < _OLD_NEWS_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        if ready is not None and ready.message != told and not _holds(ready):
            told = ready.message
            print(told, flush=True)
        if _holds(stalled):
            return False
        await asyncio.sleep(_LOOK_SECONDS)


def _shown(document: Document) -> dict[str, Condition]:
    return {condition.type: condition for condition in status_of(document).conditions}


def _holds(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"

"""`concierge backup TENANT`: one backup now, by the very Job that the operator makes at night; waits for its end."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from concierge_cli.cluster_place import Place, at_cluster
from concierge_core.errors import InvalidInput
from concierge_operator.backups import failure_words, job_of
from concierge_operator.kinds import PODS, TENANTS, child
from concierge_operator.known import Document
from concierge_operator.observe import State, Verdict, job, pod_trouble
from concierge_operator.plan import Owner, owned_by
from concierge_operator.render.backup import snapshot_job

_MANAGER = "concierge-cli"
"""Not the operator's name: what it did not make it does not tidy up."""
_LOOK_SECONDS = 1.0


def run(arguments: argparse.Namespace) -> int:
    """Make it: 0 when it has succeeded, 1 when it has not."""

    async def deed(place: Place) -> int:
        done = [await back_up(place, document) for document in await place.tenants(arguments)]
        return 0 if all(done) else 1

    return at_cluster(arguments, deed)


async def back_up(place: Place, document: Document) -> bool:
    """Make the Job and wait for its end, saying how it went."""
    ready = await place.prepared(document, await place.brand_of(document))
    if isinstance(ready, Verdict):
        print(ready.message)
        return False
    if ready.spec.backup.destination is None:
        raise InvalidInput("backup", "spec.backup.destination is missing: say in the tenant's YAML where backups go.")
    suffix = datetime.now(UTC).strftime("%Y%m%dt%H%M%S")
    owner = Owner(ready.tenant, ready.uid)
    wanted = owned_by(owner, snapshot_job(ready, suffix), TENANTS.api_version, TENANTS.kind)
    made = await place.cluster.create(child("Job"), wanted, manager=_MANAGER)
    print(f"Job {made['metadata']['name']} is at work …", flush=True)
    return await _wait(place, made)


async def _wait(place: Place, made: Document) -> bool:
    name, namespace, told = made["metadata"]["name"], made["metadata"]["namespace"], ""
    while True:
        live = await place.cluster.get(child("Job"), name, namespace)
        seen = job(live) if live is not None else Verdict(State.FAILED, "Gone", f"Job {name} was deleted.")
        if seen.ready:
            print("The backup is made.")
            return True
        pods, _ = await place.cluster.list(PODS, namespace, labels={"batch.kubernetes.io/job-name": name})
        if seen.state is State.FAILED:
            words = failure_words(pod for pod in pods if job_of(pod) == name)
            print(f"The backup failed. {words} {seen.message}".replace("  ", " "))
            return False
        trouble = pod_trouble(pods)
        if trouble is not None and trouble.message != told:
            told = trouble.message
            print(f"It waits: {told}", flush=True)
        await asyncio.sleep(_LOOK_SECONDS)

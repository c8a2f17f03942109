"""What keeps pods from starting. Why a StatefulSet or a Job has none at all, only an Event of its controller says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from concierge_operator.cluster import Cluster
from concierge_operator.kinds import EVENTS, PODS
from concierge_operator.observe import Verdict, pod_trouble, pods_refused
from concierge_operator.refusals import Refusal
from concierge_operator.render.backup import BACKUP_NAME
from concierge_operator.sightings import Place, Sighting

Live = Mapping[str, Any]
_KINDS = ("StatefulSet", "Job")
"""A Deployment has a condition for it."""


async def keeps_from_starting(
    cluster: Cluster, namespace: str, seen: Mapping[Place, Sighting], labels: Mapping[str, str]
) -> Verdict | None:
    """Of those that were seen, whose pods carry these labels: what their pods say, or why there are none."""
    pods, _ = await cluster.list(PODS, namespace, labels=labels)
    trouble, podless = pod_trouble(pods), without_pods(seen, pods)
    if trouble is not None or not podless:
        return trouble
    try:
        events, _ = await cluster.list(EVENTS, namespace, fields={"reason": "FailedCreate"})
    except Refusal as refused:
        if refused.may_pass:
            raise
        return None  # who was never let read Events (rights of somebody's own making) tells the rest all the same
    return told_by_events(podless, events)


def waited_for(seen: Mapping[Place, Sighting]) -> dict[Place, Sighting]:
    """All but backups: no tenant waits for them to be Ready. Pure."""
    return {place: live for place, live in seen.items() if not place[1].startswith(BACKUP_NAME)}


def without_pods(seen: Mapping[Place, Sighting], pods: Iterable[Live]) -> dict[str, str]:
    """Uid → kind and name, in their order, of those that are not ready and have no pod, not even a failed one. Pure."""
    owners = {owner["uid"] for pod in pods for owner in pod["metadata"].get("ownerReferences", ())}
    return {
        live.uid: f"{kind} {name}"
        for (kind, name), live in sorted(seen.items())
        if kind in _KINDS and live.verdict is not None and not live.verdict.ready and live.uid not in owners
    }


def told_by_events(podless: Mapping[str, str], events: Sequence[Live]) -> Verdict | None:
    """From the newest Event about the first of these that has one: of several that are refused in turn a status would
    otherwise name another at each look, and be written each time. Pure."""
    for uid, what in podless.items():
        about = [event for event in events if event["involvedObject"].get("uid") == uid and event.get("message")]
        if about:
            return pods_refused(what, max(about, key=_at)["message"])
    return None


def _at(event: Live) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")

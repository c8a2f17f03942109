"""Growing a volume: a StatefulSet's claim templates can't be changed, so its claims grow and it is made anew around
the pods that go on running."""

from __future__ import annotations

from typing import Any

from concierge_operator.cluster import Cluster, Manifest
from concierge_operator.kinds import child
from concierge_operator.observe import State, Verdict
from concierge_operator.refusals import Refusal, Retry

_CLAIMS = child("PersistentVolumeClaim")
_SETS = child("StatefulSet")


def is_about_claims(kind: str, refused: Refusal) -> bool:
    """The server refuses a change that only a new StatefulSet can bring."""
    return kind == "StatefulSet" and refused.status == 422 and "updates to statefulset spec" in str(refused)


async def grow(cluster: Cluster, wanted: Manifest, uid: str) -> Verdict:
    """Grow the claims, then let go of the StatefulSet without its pods. Raises `Retry`: it is made again at once.

    What comes back is why a claim can't grow; then nothing else was changed.
    """
    namespace, name = wanted["metadata"]["namespace"], wanted["metadata"]["name"]
    for template in wanted["spec"]["volumeClaimTemplates"]:
        size: dict[str, Any] = template["spec"]["resources"]["requests"]
        for number in range(max(1, wanted["spec"].get("replicas", 1))):
            claim = f"{template['metadata']['name']}-{name}-{number}"
            patch = {"spec": {"resources": {"requests": size}}}
            try:
                await cluster.merge(_CLAIMS, claim, namespace, patch)
            except Refusal as refused:
                if refused.status != 404:
                    return Verdict(State.FAILED, "VolumeCannotGrow", _told(claim, size["storage"], refused))
    await cluster.delete(_SETS, name, namespace, uid=uid, orphan=True)
    raise Retry(f"StatefulSet {name} is made anew around its pods")


def _told(claim: str, size: str, refused: Refusal) -> str:
    # The server's answer goes on with a dump of both objects.
    words = str(refused).splitlines()[0].rstrip(". ")
    remedy = "Let the storage class grow volumes (allowVolumeExpansion: true); what runs keeps running."
    return f"PersistentVolumeClaim {claim} can't grow to {size}: {words}. {remedy}"

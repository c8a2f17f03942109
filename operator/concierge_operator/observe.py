"""What live objects say of themselves, each as one short verdict. Pure: dicts as the API server gives them, in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Live = Mapping[str, Any]


class State(StrEnum):
    """How far an object is."""

    READY = "ready"
    PROGRESSING = "progressing"
    FAILED = "failed"
    """It will not become ready by itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """State of one object; `reason` for programs, `message` for people, both empty when it is ready."""

    state: State
    reason: str = ""
    message: str = ""

    @property
    def ready(self) -> bool:
        """It does its work."""
        return self.state is State.READY


READY = Verdict(State.READY)


def absent(kind: str, name: str) -> Verdict:
    """It is not there (yet)."""
    return Verdict(State.PROGRESSING, "NotThereYet", f"{kind} {name} does not exist yet.")


def workload(live: Live) -> Verdict:
    """A Deployment or StatefulSet: all its pods are of the newest template and ready."""
    name = f"{live['kind']} {live['metadata']['name']}"
    status = live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return Verdict(State.PROGRESSING, "NotObservedYet", f"{name} was changed a moment ago.")
    blocked = _blocked(live)
    if blocked is not None:
        return blocked
    wanted = live["spec"].get("replicas", 1)
    updated, ready = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    if updated < wanted or status.get("replicas", 0) > updated:
        return Verdict(State.PROGRESSING, "RollingOut", f"{name}: {updated} of {wanted} pods are of the new version.")
    if ready < wanted:
        return Verdict(State.PROGRESSING, "PodsNotReady", f"{name}: {ready} of {wanted} pods are ready.")
    return READY


def _blocked(live: Live) -> Verdict | None:
    name = f"{live['kind']} {live['metadata']['name']}"
    failure = condition(live, "ReplicaFailure")
    if failure and failure["status"] == "True":
        return pods_refused(name, failure.get("message", ""))
    progress = condition(live, "Progressing")
    if progress and progress.get("reason") == "ProgressDeadlineExceeded":
        return Verdict(State.FAILED, "RolloutStuck", f"{name} made no progress in time; look at its pods.")
    return None


def pods_refused(name: str, said: str) -> Verdict:
    """What the API server said to the controller that wanted to make pods for the object of this kind and name."""
    # In front stands the pod's name, another one at each try: a status with it in would be written at each try.
    why = said.rpartition("is forbidden: ")[2].strip().rstrip(".")
    told = f"{name} gets no pod: {why}."
    return over_quota(told) if "exceeded quota" in said else Verdict(State.FAILED, "PodsRefused", told)


def over_quota(told: str) -> Verdict:
    """A quota leaves no room; `told` is a sentence with the quota's name and figures."""
    return Verdict(State.FAILED, "QuotaExceeded", f"{told} Raise that quota, or ask for less.")


def job(live: Live) -> Verdict:
    """A Job: done, failed for good, or at work."""
    name = live["metadata"]["name"]
    done, failed = condition(live, "Complete"), condition(live, "Failed")
    if done and done["status"] == "True":
        return READY
    if failed and failed["status"] == "True":
        look = f"kubectl logs -n {live['metadata']['namespace']} job/{name}"
        return Verdict(State.FAILED, "JobFailed", f"{name} failed ({failed.get('reason', 'no reason')}); see: {look}")
    return Verdict(State.PROGRESSING, "JobRunning", f"{name} is at work.")


def http_route(live: Live) -> Verdict:
    """An HTTPRoute: a Gateway has accepted it and found the Services."""
    parents, generation = live.get("status", {}).get("parents", ()), live.get("metadata", {}).get("generation", 0)
    if not parents:
        return Verdict(State.PROGRESSING, "NoGatewayAnswered", "No gateway controller has looked at the route yet.")
    for parent in parents:
        for entry in parent.get("conditions", ()):
            if entry["type"] in ("Accepted", "ResolvedRefs") and entry["status"] != "True":
                return Verdict(State.FAILED, entry.get("reason") or "NotAccepted", entry.get("message", ""))
            if entry["type"] == "Accepted" and entry.get("observedGeneration", generation) < generation:
                return Verdict(State.PROGRESSING, "NotObservedYet", "The route was changed a moment ago.")
    return READY


def ingress(live: Live) -> Verdict:
    """An Ingress: a controller has given it an address."""
    if live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return READY
    return Verdict(State.PROGRESSING, "NoAddressYet", "No ingress controller has given it an address yet.")


def cnpg_cluster(live: Live) -> Verdict:
    """A CloudNativePG cluster, by its own condition."""
    ready = condition(live, "Ready")
    if ready and ready["status"] == "True":
        return READY
    return Verdict(State.PROGRESSING, "ClusterNotReady", (ready or {}).get("message") or "CloudNativePG is at work.")


def verdict_of(kind: str, live: Live) -> Verdict | None:
    """The verdict on an object of this kind; None for kinds that only have to be there."""
    judge = _JUDGES.get(kind)
    return judge(live) if judge is not None and "spec" in live else None


_JUDGES: dict[str, Callable[[Live], Verdict]] = {
    "Deployment": workload,
    "StatefulSet": workload,
    "Job": job,
    "HTTPRoute": http_route,
    "Ingress": ingress,
    "Cluster": cnpg_cluster,
}


def pod_trouble(pods: Iterable[Live]) -> Verdict | None:
    """What keeps pods from starting, where their containers say it: an image, a missing secret, a crash."""
    for pod in pods:
        for status in (*pod.get("status", {}).get("initContainerStatuses", ()), *_statuses(pod)):
            waiting = status.get("state", {}).get("waiting") or {}
            told = _TROUBLES.get(waiting.get("reason", "CrashLoopBackOff" if _ends_again_and_again(status) else ""))
            if told:
                return Verdict(State.FAILED, told[0], _pod_sentence(pod, told[1], waiting.get("message", "")))
        unscheduled = condition(pod, "PodScheduled")
        if unscheduled and unscheduled["status"] == "False":
            return Verdict(State.PROGRESSING, "Unschedulable", f"No node takes the pod: {unscheduled.get('message')}")
    return None


def _pod_sentence(pod: Live, remedy: str, kubelets_words: str) -> str:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    words = f" ({kubelets_words.rstrip('. ')})" if kubelets_words else ""
    return f"Pod {name}: {remedy.format(name=name, namespace=namespace)}{words}"


def volume_trouble(claims: Iterable[Live]) -> Verdict | None:
    """A claim that waits for its volume, and what is wrong if it can be told from the claim."""
    for claim in claims:
        if claim.get("status", {}).get("phase") != "Pending":
            continue
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        wanted = claim["spec"].get("storageClassName")
        if not wanted:
            told = f"The cluster has no default storage class for the volume of {name}; name one in spec.storage."
            return Verdict(State.FAILED, "NoStorageClass", told)
        told = f"{name} waits for a volume of storage class {wanted}; see: kubectl describe pvc -n {namespace} {name}"
        return Verdict(State.PROGRESSING, "NoVolume", told)
    return None


_MANY_ENDS = 3


def _ends_again_and_again(status: Live) -> bool:
    """Also while it runs, between two ends: else the tenant's status would change with each of them."""
    ended = status.get("lastState", {}).get("terminated") or {}
    return not status.get("ready") and status.get("restartCount", 0) >= _MANY_ENDS and bool(ended.get("exitCode"))


_FETCH = "the image can't be fetched. Does this version exist, and may the node read the registry (image.pullSecrets)?"
_TROUBLES = {
    "ErrImagePull": ("ImagePullFailed", _FETCH),
    "ImagePullBackOff": ("ImagePullFailed", _FETCH),
    "InvalidImageName": ("ImagePullFailed", "the image's name can't be right; see spec.image and spec.version."),
    "CreateContainerConfigError": ("SecretMissing", "what it is configured with is missing."),
    "CrashLoopBackOff": (
        "Crashing",
        "it ends again and again; see: kubectl logs -n {namespace} {name} --previous",
    ),
}


def _statuses(pod: Live) -> Iterable[Live]:
    found: Iterable[Live] = pod.get("status", {}).get("containerStatuses", ())
    return found


def condition(live: Live, kind: str) -> Mapping[str, Any] | None:
    """The object's condition of this type."""
    for entry in live.get("status", {}).get("conditions", ()):
        if entry["type"] == kind:
            found: Mapping[str, Any] = entry
            return found
    return None

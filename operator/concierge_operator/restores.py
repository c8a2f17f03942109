"""A restore, step by step: what is to be done next, from what lives in the cluster. Pure.

It is asked for by an annotation, `concierge.hotel/restore: ARCHIVE`, and done when `concierge.hotel/restored` says the
same: a YAML that is applied a second time, by hand or by GitOps, does not undo what guests have written since. Until
then what is applied is `resting(…)`: no app and no migration. When nothing uses the database any more, the Job puts the
archive in the place of all data, or leaves that as it is; then the archive's keys are added to ours. Broken off
anywhere, it goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from concierge_core.backup.handover import merged_keys, opened
from concierge_operator import names, observe
from concierge_operator.backups import failure_words, job_of
from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.render.context import Manifest

Live = Mapping[str, Any]
Patch = dict[str, str | None]
"""Annotations to set, or (None) to take away."""

RESTORE: Final = f"{names.DOMAIN}/restore"
RESTORED: Final = f"{names.DOMAIN}/restored"
RESTING: Final = "RestoreWaits"
"""The reason that is told while pods that use the data come to their end."""
_ARCHIVE: Final = re.compile(r"latest|\d{8}T\d{6}Z(\.concierge)?")
_CONTAINER: Final = "restore"
_USES_DATA: Final = (*APPS, *BACKGROUND, Component.WEB, Component.MIGRATION, Component.BACKUP)


class Next(StrEnum):
    """What is to be done."""

    REST = "rest"
    """Wait until no pod is left that uses the database."""
    START = "start"
    """From now on, apply the Job that `render.backup.restore_job` gives as well."""
    WAIT = "wait"
    """The Job is at work."""
    FINISH = "finish"
    """Write the keys that `keys_after` gives into the generated Secret, then annotate the tenant with `done(archive)`.
    The next reconcile removes the Job, migrates and brings the apps back."""
    STOP = "stop"
    """It failed, and the data is as it was. The apps rest until somebody changes or removes the annotation."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next step, and what the tenant's status says meanwhile."""

    next: Next
    verdict: Verdict = READY
    message: str = ""
    """With `FINISH`: what the Job's pod said in the end, for `keys_after`."""


def asked(tenant: Live) -> str | None:
    """The archive that a tenant is still to be restored from; None where nothing is to be done."""
    notes = _annotations(tenant)
    wanted = notes.get(RESTORE, "").strip()
    return wanted if wanted and wanted != notes.get(RESTORED) else None


def last(tenant: Live) -> str | None:
    """The archive that a tenant was restored from."""
    return _annotations(tenant).get(RESTORED)


def request(archive: str) -> Patch:
    """The annotations that ask for it, also for one that was restored before."""
    return {RESTORE: archive, RESTORED: None}


def done(archive: str) -> Patch:
    """The annotations that end it."""
    return {RESTORED: archive}


def forgotten(tenant: Live) -> Patch:
    """The annotations to change when nothing is asked for any more, so that the same can be asked for anew later."""
    notes = _annotations(tenant)
    return {RESTORED: None} if RESTORED in notes and not notes.get(RESTORE) else {}


def refusal(archive: str) -> Verdict | None:
    """Why this can't be the name of an archive."""
    if _ARCHIVE.fullmatch(archive):
        return None
    message = f'The annotation {RESTORE} is "{archive[:80]}"; write the name of an archive, or latest.'
    return Verdict(State.FAILED, "NoSuchArchive", message)


def resting(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The tenant's objects while it is restored: no app runs, nothing scales them, no backup begins.

    The migration's Job is not among them: it goes, and is made again for what was restored.
    """
    return [_at_rest(manifest) for manifest in manifests if manifest["kind"] not in ("HorizontalPodAutoscaler", "Job")]


def next_step(apps: Iterable[Live], pods: Iterable[Live], job: Live | None) -> Step:
    """The step after what is: the tenant's live Deployments, all its pods, and the restore's Job."""
    if job is None:
        return _before(apps, pods)
    its = [pod for pod in pods if job_of(pod) == job["metadata"]["name"]]
    seen = observe.job(job)
    if seen.state is State.PROGRESSING:
        return Step(Next.WAIT, Verdict(State.PROGRESSING, "Restoring", "The data is being restored."))
    if seen.state is State.FAILED:
        return Step(Next.STOP, _failed(job, its))
    message = _said(its)
    if message is None:
        words = f"The pod is gone that held the keys; delete Job {job['metadata']['name']} to restore once more."
        return Step(Next.STOP, Verdict(State.FAILED, "RestoreKeysLost", words))
    return Step(Next.FINISH, Verdict(State.PROGRESSING, "Restored", "The data is restored."), message)


def keys_after(message: str, *, current: str, token: str) -> str:
    """The tenant's encryption keys after the restore: ours go on writing, those of the archive read what it brought.

    `current` and `token` are the generated Secret's `encryption-keys` and `internal-token`. Raises `ArchiveUnusable`,
    `KeysUnusable`.
    """
    return merged_keys(current, opened(message, token=token).keys)


def _annotations(tenant: Live) -> Mapping[str, str]:
    return tenant["metadata"].get("annotations") or {}


def _at_rest(manifest: Manifest) -> Manifest:
    rested = deepcopy(manifest)
    if manifest["kind"] == "Deployment":
        rested["spec"]["replicas"] = 0
    if manifest["kind"] == "CronJob":
        rested["spec"]["suspend"] = True
    return rested


def _before(apps: Iterable[Live], pods: Iterable[Live]) -> Step:
    # A pod that is told to end still writes for a while, and its Deployment no longer counts it.
    busy = [app["metadata"]["name"] for app in apps if not _is_still(app)]
    busy += [pod["metadata"]["name"] for pod in pods if _uses_data(pod)]
    if not busy:
        return Step(Next.START, Verdict(State.PROGRESSING, "Restoring", "The data is being restored."))
    words = f"Before the data is restored, these come to their end: {', '.join(sorted(busy))}."
    return Step(Next.REST, Verdict(State.PROGRESSING, RESTING, words))


def _is_still(app: Live) -> bool:
    seen = app.get("status", {}).get("observedGeneration", 0) >= app["metadata"].get("generation", 0)
    return bool(seen and app["spec"].get("replicas") == 0)


def _uses_data(pod: Live) -> bool:
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not over and pod["metadata"].get("labels", {}).get(names.COMPONENT) in _USES_DATA


def _failed(job: Live, pods: Iterable[Live]) -> Verdict:
    where, name = job["metadata"]["namespace"], job["metadata"]["name"]
    words = (
        f"The restore failed, and the data is as it was. {failure_words(pods)} Take the annotation {RESTORE} away to "
        f"open again, or name another archive. See: kubectl logs -n {where} job/{name} --all-containers"
    )
    return Verdict(State.FAILED, "RestoreFailed", re.sub(" +", " ", words))


def _said(pods: Iterable[Live]) -> str | None:
    for pod in pods:
        for container in pod.get("status", {}).get("containerStatuses", ()):
            ended = container.get("state", {}).get("terminated") or {}
            if container["name"] == _CONTAINER and ended.get("exitCode") == 0 and ended.get("message"):
                return str(ended["message"])
    return None

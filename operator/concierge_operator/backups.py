"""How a tenant's backups are, from its live CronJob, their Jobs and pods. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from concierge_core.tenant.cron import Schedule
from concierge_operator.observe import State, Verdict, condition
from concierge_operator.render.backup import BACKUP_NAME, PASSPHRASE
from concierge_operator.render.context import Context
from concierge_operator.status_model import BackupStatus, SecretMark

Live = Mapping[str, Any]
_BUCKET_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_MISSED_RUNS = 2
"""So many runs without a good backup are too many."""


def backup_status(cron_job: Live | None, jobs: Iterable[Live], before: BackupStatus | None = None) -> BackupStatus:
    """When backups last ended, well and badly. Jobs are forgotten by and by, so what was known `before` is kept."""
    jobs = list(jobs)
    was = before or BackupStatus()
    good = [_parsed(was.last_success_time), _parsed((cron_job or {}).get("status", {}).get("lastSuccessfulTime"))]
    bad = [_parsed(was.last_failure_time)]
    return BackupStatus(
        last_success_time=_latest([*good, *(_ended(job, "Complete") for job in _backups(jobs))]),
        last_failure_time=_latest([*bad, *(_ended(job, "Failed") for job in _backups(jobs))]),
    )


def health(
    cron_job: Live,
    jobs: Iterable[Live],
    now: datetime,
    *,
    pods: Iterable[Live] = (),
    before: BackupStatus | None = None,
) -> Verdict:
    """The condition BackupHealthy: the last backup is good and not too old, or none was due yet."""
    jobs = list(jobs)
    if cron_job["spec"].get("suspend"):
        return Verdict(State.READY, "Suspended", "The house is closed; backups go on when it opens again.")
    status = backup_status(cron_job, jobs, before)
    good, bad = _parsed(status.last_success_time), _parsed(status.last_failure_time)
    if bad is not None and (good is None or bad > good):
        return _failed(cron_job, jobs, pods)
    return _by_age(cron_job, good, now)


def lacking_credentials(ctx: Context, marks: Mapping[str, SecretMark | None]) -> Verdict | None:
    """The Secret that a backup's pod can't start without, where it is not there or has too little in it."""
    name = ctx.spec.backup.credentials_secret
    if not name:
        return None
    mark = marks.get(name)
    needed = _BUCKET_KEYS if (ctx.spec.backup.destination or "").startswith("s3://") else (PASSPHRASE,)
    absent = [key for key in needed if mark is not None and key not in mark.keys]
    if mark is not None and not absent:
        return None
    what = f"has no {' and no '.join(absent)}" if absent else "does not exist"
    told = f"Secret {ctx.namespace}/{name} {what}: no backup can be made. Create it; docs/backup.md says what is in it."
    return Verdict(State.FAILED, "SecretMissing", told)


def failure_words(pods: Iterable[Live]) -> str:
    """The last line that a container wrote which failed, from the newest pod that has one; empty without."""
    for pod in sorted(pods, key=lambda pod: pod["metadata"].get("creationTimestamp", ""), reverse=True):
        status = pod.get("status", {})
        for container in (*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ())):
            ended = container.get("state", {}).get("terminated") or {}
            if ended.get("exitCode") and ended.get("message", "").strip():
                return str(ended["message"].strip().splitlines()[-1])
    return ""


def job_of(pod: Live) -> str:
    """Name of the Job that made the pod; empty for others."""
    return str(pod["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name", ""))


def _by_age(cron_job: Live, good: datetime | None, now: datetime) -> Verdict:
    spec = cron_job["spec"]
    runs = Schedule.parse(spec["schedule"]).runs_before(now, ZoneInfo(spec.get("timeZone", "UTC")))
    *_, allowed = [now, *islice(runs, _MISSED_RUNS)]
    if good is not None and good >= allowed:
        return Verdict(State.READY, "Recent", f"The last good backup is of {good:%Y-%m-%d %H:%M} UTC.")
    if good is not None:
        message = f"The last good backup is of {good:%Y-%m-%d %H:%M} UTC; later ones were due. Look at its CronJob."
        return Verdict(State.FAILED, "TooOld", message)
    made = _parsed(cron_job["metadata"].get("creationTimestamp"))
    if made is not None and made < allowed:
        return Verdict(State.FAILED, "NoneMade", "No backup was made, although some were due. Look at its CronJob.")
    return Verdict(State.PROGRESSING, "NoneYet", "The first backup is made when its time comes.")


def _failed(cron_job: Live, jobs: list[Live], pods: Iterable[Live]) -> Verdict:
    ended = [(when, job) for job in _backups(jobs) if (when := _ended(job, "Failed")) is not None]
    look = f"kubectl get jobs -n {cron_job['metadata']['namespace']}"
    words = ""
    if ended:
        _, job = max(ended, key=lambda entry: entry[0])
        look = f"kubectl logs -n {job['metadata']['namespace']} job/{job['metadata']['name']} --all-containers"
        its = [pod for pod in pods if job_of(pod) == job["metadata"]["name"]]
        words = failure_words(its) or str((condition(job, "Failed") or {}).get("message", ""))
    said = f"The last backup failed. {words}".strip()
    return Verdict(State.FAILED, "BackupFailed", f"{said} See: {look}")


def _backups(jobs: Iterable[Live]) -> list[Live]:
    """Those of the CronJob, and single ones: all have its name in front."""
    return [job for job in jobs if job["metadata"]["name"].startswith(f"{BACKUP_NAME}-")]


def _ended(job: Live, how: str) -> datetime | None:
    found = condition(job, how)
    return _parsed(found.get("lastTransitionTime")) if found and found["status"] == "True" else None


def _parsed(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment).astimezone(UTC) if moment else None


def _latest(moments: Iterable[datetime | None]) -> str | None:
    known = [moment for moment in moments if moment is not None]
    return f"{max(known):%Y-%m-%dT%H:%M:%SZ}" if known else None

"""What the condition BackupHealthy says, from what lives in the cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from concierge_operator.backups import backup_status, failure_words, health, lacking_credentials
from concierge_operator.observe import State
from concierge_operator.render.context import Context
from concierge_operator.status_model import BackupStatus, SecretMark
from rendered import context, small_tenant

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def cron_job(*, created: str = "2026-11-01T00:00:00Z", last: str | None = None, **spec: Any) -> dict[str, Any]:
    """The live CronJob: each night at 03:30 in Berlin, unless said otherwise."""
    return {
        "metadata": {"name": "concierge-backup", "namespace": "house", "creationTimestamp": created},
        "spec": {"schedule": "30 3 * * *", "timeZone": "Europe/Berlin", **spec},
        "status": {"lastSuccessfulTime": last} if last else {},
    }


def job(name: str, how: str, when: str) -> dict[str, Any]:
    """A Job that ended."""
    ended = {"type": how, "status": "True", "lastTransitionTime": when, "message": "Job has reached the limit"}
    return {"metadata": {"name": name, "namespace": "house"}, "status": {"conditions": [ended]}}


def pod(of: str, container: str, said: str, *, code: int = 1, created: str = "2026-11-26T02:30:00Z") -> dict[str, Any]:
    """A pod of that Job whose container ended so."""
    ended = {"name": container, "state": {"terminated": {"exitCode": code, "message": said}}}
    labels = {"batch.kubernetes.io/job-name": of}
    metadata = {"name": f"{of}-x", "labels": labels, "creationTimestamp": created}
    return {"metadata": metadata, "status": {"initContainerStatuses": [ended]}}


def test_last_nights_backup_is_recent() -> None:
    assert health(cron_job(last="2026-11-26T02:31:00Z"), [], NOW).ready


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (None, "does not exist"),
        (SecretMark(name="bucket", version="1", fingerprint="a", keys=["AWS_ACCESS_KEY_ID"]), "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_a_bucket_whose_keys_are_missing_is_told_before_the_first_night(mark: SecretMark | None, words: str) -> None:
    told = lacking_credentials(_with_bucket(), {"bucket": mark})

    assert told is not None
    assert (told.state, told.reason) == (State.FAILED, "SecretMissing")
    assert words in told.message


def test_a_volume_with_a_named_secret_needs_its_passphrase() -> None:
    asked = context(small_tenant(backup={"enabled": True, "destination": "pvc:nightly", "credentialsSecret": "key"}))
    told = lacking_credentials(asked, {"key": SecretMark(name="key", version="1", fingerprint="a", keys=["phrase"])})

    assert told is not None
    assert "has no encryption-passphrase" in told.message


def test_a_bucket_whose_keys_are_there_lacks_nothing() -> None:
    whole = SecretMark(name="bucket", version="1", fingerprint="a", keys=["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    assert lacking_credentials(_with_bucket(), {"bucket": whole}) is None


def _with_bucket() -> Context:
    backup = {"enabled": True, "destination": "s3://my-backups/hotels", "credentialsSecret": "bucket"}
    return context(small_tenant(backup=backup))


def test_one_missed_night_is_no_alarm_yet_and_two_are() -> None:
    assert health(cron_job(last="2026-11-25T02:31:00Z"), [], NOW).ready

    old = health(cron_job(last="2026-11-24T02:31:00Z"), [], NOW)

    assert (old.state, old.reason) == (State.FAILED, "TooOld")
    assert "The last good backup is of 2026-11-24 02:31 UTC" in old.message


def test_a_weekly_backup_may_be_older_than_a_nightly_one() -> None:
    weekly = cron_job(last="2026-11-17T02:31:00Z", schedule="30 3 * * 1")

    assert health(weekly, [], NOW).ready
    assert health(cron_job(last="2026-11-15T02:31:00Z", schedule="30 3 * * 1"), [], NOW).reason == "TooOld"


def test_a_new_tenant_waits_for_its_first_night_and_not_for_ever() -> None:
    young = health(cron_job(created="2026-11-26T09:00:00Z"), [], NOW)
    old = health(cron_job(created="2026-11-20T09:00:00Z"), [], NOW)

    assert (young.state, young.reason) == (State.PROGRESSING, "NoneYet")
    assert (old.state, old.reason) == (State.FAILED, "NoneMade")


def test_a_failed_backup_is_told_in_its_own_words() -> None:
    name = "concierge-backup-29500"
    failed = job(name, "Failed", "2026-11-26T02:40:00Z")
    said = "…\nThis did not work: s3://hotels refuses these credentials; check them.\n"

    verdict = health(cron_job(last="2026-11-25T02:31:00Z"), [failed], NOW, pods=[pod(name, "store", said)])

    assert (verdict.state, verdict.reason) == (State.FAILED, "BackupFailed")
    assert "s3://hotels refuses these credentials; check them." in verdict.message
    assert f"kubectl logs -n house job/{name} --all-containers" in verdict.message


def test_without_its_pod_the_jobs_own_word_is_told() -> None:
    failed = job("concierge-backup-29500", "Failed", "2026-11-26T02:40:00Z")

    assert "Job has reached the limit" in health(cron_job(), [failed], NOW).message


def test_a_good_backup_by_hand_ends_the_alarm() -> None:
    failed = job("concierge-backup-29500", "Failed", "2026-11-26T02:40:00Z")
    by_hand = job("concierge-backup-20261126t0900", "Complete", "2026-11-26T09:01:00Z")

    assert health(cron_job(), [failed, by_hand], NOW).ready


def test_a_restore_is_no_backup() -> None:
    restored = job("concierge-restore-0123456789", "Complete", "2026-11-26T09:01:00Z")

    assert not health(cron_job(), [restored], NOW).ready


def test_a_closed_house_is_well() -> None:
    verdict = health(cron_job(last="2026-05-01T02:31:00Z", suspend=True), [], NOW)

    assert (verdict.ready, verdict.reason) == (True, "Suspended")


def test_what_was_known_stays_known_when_its_job_is_gone() -> None:
    before = BackupStatus(last_success_time="2026-11-20T02:31:00Z", last_failure_time="2026-11-25T02:31:00Z")

    assert backup_status(cron_job(), [], before) == before
    assert health(cron_job(), [], NOW, before=before).reason == "BackupFailed"
    newer = job("concierge-backup-29500", "Complete", "2026-11-26T02:40:00Z")
    assert backup_status(None, [newer], before).last_success_time == "2026-11-26T02:40:00Z"


@pytest.mark.parametrize("pods", [[], [pod("a", "dump", "  \n")], [pod("a", "dump", "fine", code=0)]])
def test_pods_that_say_nothing_of_a_failure_have_no_words(pods: list[Any]) -> None:
    assert failure_words(pods) == ""

"""A restore's steps, and what is applied meanwhile."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from concierge_core.backup.handover import Handover, sealed
from concierge_core.backup.unusable import ArchiveUnusable
from concierge_core.keys import Keyring
from concierge_operator.observe import State
from concierge_operator.render import render
from concierge_operator.restores import (
    RESTORE,
    RESTORED,
    Next,
    asked,
    done,
    forgotten,
    keys_after,
    next_step,
    refusal,
    request,
    resting,
)
from rendered import MANIFESTS, by_kind, context, property_of

JOB = "concierge-restore-0123456789"


def app(name: str = "concierge-chat", *, replicas: int = 0, observed: int = 2) -> dict[str, Any]:
    """A live Deployment."""
    return {
        "metadata": {"name": name, "generation": 2},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": observed},
    }


def pod(component: str, *, phase: str = "Running", **more: Any) -> dict[str, Any]:
    """A live pod."""
    labels = {"app.kubernetes.io/component": component, **more.pop("labels", {})}
    return {"metadata": {"name": f"concierge-{component}-x", "labels": labels}, "status": {"phase": phase, **more}}


def job(how: str | None = None) -> dict[str, Any]:
    """The restore's live Job."""
    conditions = [{"type": how, "status": "True", "reason": "BackoffLimitExceeded"}] if how else []
    return {"metadata": {"name": JOB, "namespace": "house"}, "status": {"conditions": conditions}}


def ended(container: str, said: str, *, code: int) -> dict[str, Any]:
    """A pod of the Job whose container ended so."""
    status = {"name": container, "state": {"terminated": {"exitCode": code, "message": said}}}
    labels = {"batch.kubernetes.io/job-name": JOB}
    return pod("backup", phase="Succeeded", labels=labels, containerStatuses=[status])


def test_the_annotation_asks_for_it() -> None:
    assert asked({"metadata": {"annotations": {RESTORE: " latest "}}}) == "latest"
    assert asked({"metadata": {}}) is None
    assert asked({"metadata": {"annotations": {RESTORE: ""}}}) is None


def annotated(tenant: dict[str, Any], patch: dict[str, str | None]) -> dict[str, Any]:
    """The tenant after a merge patch of its annotations."""
    notes = {**tenant["metadata"].get("annotations", {}), **patch}
    return {"metadata": {"annotations": {name: value for name, value in notes.items() if value is not None}}}


def test_what_was_restored_is_not_restored_again_when_the_same_yaml_is_applied_once_more() -> None:
    restored = annotated({"metadata": {"annotations": {RESTORE: "latest"}}}, done("latest"))

    applied_again = annotated(restored, {RESTORE: "latest"})

    assert asked(restored) is None
    assert asked(applied_again) is None
    assert asked(annotated(restored, {RESTORE: "20261126T033000Z"})) == "20261126T033000Z"


def test_the_same_archive_can_be_asked_for_again() -> None:
    restored = annotated({"metadata": {"annotations": {RESTORE: "latest"}}}, done("latest"))
    taken_out = annotated(restored, {RESTORE: None})

    assert asked(annotated(restored, request("latest"))) == "latest"
    assert forgotten(restored) == {}
    assert forgotten(taken_out) == {RESTORED: None}
    assert asked(annotated(annotated(taken_out, forgotten(taken_out)), {RESTORE: "latest"})) == "latest"
    assert forgotten({"metadata": {}}) == {}


@pytest.mark.parametrize("archive", ["latest", "20261126T033000Z", "20261126T033000Z.concierge"])
def test_the_name_of_an_archive_is_accepted(archive: str) -> None:
    assert refusal(archive) is None


@pytest.mark.parametrize("archive", ["yesterday", "../20261126T033000Z", "--help", "x" * 500])
def test_anything_else_is_refused_with_what_to_write(archive: str) -> None:
    verdict = refusal(archive)

    assert verdict is not None
    assert (verdict.state, verdict.reason) == (State.FAILED, "NoSuchArchive")
    assert "write the name of an archive, or latest" in verdict.message


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_meanwhile_no_app_runs_and_the_data_layer_does(path: Any) -> None:
    stages = render(context(property_of(path)))
    rested = resting(stages.all)

    assert {m["spec"]["replicas"] for m in by_kind(rested, "Deployment").values()} == {0}
    assert by_kind(rested, "StatefulSet") == by_kind(stages.all, "StatefulSet")
    assert {m["spec"]["suspend"] for m in by_kind(rested, "CronJob").values()} <= {True}
    assert not by_kind(rested, "HorizontalPodAutoscaler")
    assert not by_kind(rested, "Job"), "the migration is made again for what was restored"
    assert len(by_kind(rested, "NetworkPolicy")) == len(by_kind(stages.all, "NetworkPolicy"))


@pytest.mark.parametrize(
    "still_there",
    [
        ([app(replicas=2)], []),
        ([app(observed=1)], []),
        ([app()], [pod("worker")]),
        ([app()], [pod("migration", phase="Pending")]),
        ([app()], [pod("backup")]),
    ],
)
def test_nothing_is_restored_under_the_hands_of_somebody_at_work(still_there: Any) -> None:
    apps, pods = still_there
    step = next_step(apps, pods, None)

    assert step.next is Next.REST
    assert "these come to their end: concierge-" in step.verdict.message


def test_when_all_is_still_it_begins() -> None:
    pods = [pod("postgres"), pod("redis"), pod("migration", phase="Succeeded")]

    assert next_step([app()], pods, None).next is Next.START


def test_it_waits_for_the_job() -> None:
    step = next_step([app()], [], job())

    assert (step.next, step.verdict.reason) == (Next.WAIT, "Restoring")


def test_a_failed_one_stops_and_says_why_and_that_the_data_is_as_it_was() -> None:
    said = "The archive can't be used: it can't be opened with this passphrase."
    step = next_step([app()], [ended("fetch", said, code=1)], job("Failed"))

    assert (step.next, step.verdict.reason) == (Next.STOP, "RestoreFailed")
    assert "the data is as it was. The archive can't be used: it can't be opened" in step.verdict.message
    assert f"Take the annotation {RESTORE} away to open again" in step.verdict.message


def test_a_good_one_hands_over_the_keys_of_the_archive() -> None:
    ring = [f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2")]
    message = sealed(Handover("20261126T033000Z.concierge", ring[0]), token="token")

    step = next_step([app()], [ended("restore", message, code=0)], job("Complete"))

    assert step.next is Next.FINISH
    keys = keys_after(step.message, current=ring[1], token="token")
    assert [key.id for key in Keyring.parse(keys).keys] == ["k2", "k1"]
    assert keys_after(step.message, current=keys, token="token") == keys, "once more changes nothing"
    with pytest.raises(ArchiveUnusable):
        keys_after(step.message, current=ring[1], token="another")


def test_keys_that_are_gone_with_their_pod_are_said_so() -> None:
    step = next_step([app()], [], job("Complete"))

    assert (step.next, step.verdict.reason) == (Next.STOP, "RestoreKeysLost")

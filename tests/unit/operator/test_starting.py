"""Why a StatefulSet or a Job has no pod, as far as Events tell."""

from __future__ import annotations

from typing import Any

from concierge_operator.observe import READY, State, Verdict
from concierge_operator.sightings import Place, Sighting
from concierge_operator.starting import told_by_events, waited_for, without_pods

_WAITS = Verdict(State.PROGRESSING, "JobRunning", "concierge-migrate-1 is at work.")
_FULL = "is forbidden: exceeded quota: tight, requested: pods=1, used: pods=2, limited: pods=2"


def seen(verdict: Verdict | None, kind: str = "Job", name: str = "concierge-migrate-1") -> dict[Place, Sighting]:
    return {(kind, name): Sighting("its-uid", 1, "", "tenant", deleting=False, verdict=verdict)}


def pod(owner: str) -> dict[str, Any]:
    return {"metadata": {"name": "pod", "ownerReferences": [{"uid": owner}]}}


def event(message: str, moment: str, uid: str = "its-uid") -> dict[str, Any]:
    return {"involvedObject": {"uid": uid}, "message": message, "lastTimestamp": moment}


def test_only_what_waits_and_has_no_pod_is_asked_about() -> None:
    assert without_pods(seen(_WAITS), [pod("another")]) == {"its-uid": "Job concierge-migrate-1"}
    assert without_pods(seen(_WAITS), [pod("its-uid")]) == {}
    assert without_pods(seen(READY), []) == {}
    assert without_pods(seen(_WAITS, "Deployment", "concierge-chat"), []) == {}


def test_a_backup_is_nothing_that_a_tenant_waits_for() -> None:
    assert waited_for(seen(_WAITS, name="concierge-backup-29733090")) == {}
    assert waited_for(seen(_WAITS)) == seen(_WAITS)


def test_the_newest_event_is_told_without_the_name_of_a_pod_that_never_was() -> None:
    events = [
        event(f'Error creating: pods "concierge-migrate-1-bbbbb" {_FULL}', "2026-11-25T10:05:00Z"),
        event('Error creating: pods "concierge-migrate-1-aaaaa" is forbidden: no such account', "2026-11-25T10:00:00Z"),
        event("Error creating: something else", "2026-11-25T10:09:00Z", uid="another"),
    ]

    told = told_by_events({"its-uid": "Job concierge-migrate-1"}, events)

    assert told is not None
    assert (told.state, told.reason) == (State.FAILED, "QuotaExceeded")
    assert told.message == (
        "Job concierge-migrate-1 gets no pod: exceeded quota: tight, requested: pods=1, used: pods=2, limited: pods=2. "
        "Raise that quota, or ask for less."
    )


def test_what_is_refused_for_another_reason_says_by_whom() -> None:
    told = told_by_events(
        {"its-uid": "StatefulSet concierge-postgres"},
        [event("pods is forbidden: maximum memory usage per Container is 1Mi", "2026-11-25T10:00:00Z")],
    )

    assert told is not None
    assert (told.state, told.reason) == (State.FAILED, "PodsRefused")
    assert "maximum memory usage per Container is 1Mi" in told.message


def test_of_two_that_are_refused_in_turn_the_same_one_is_told_each_time() -> None:
    podless = {"a": "StatefulSet concierge-postgres", "b": "StatefulSet concierge-redis"}
    said = "pods is forbidden: maximum memory usage per Container is 1Mi"
    first = event(said, "2026-11-25T10:00:00Z", uid="a")

    times = ("2026-11-25T09:00:00Z", "2026-11-25T11:00:00Z")
    told = [told_by_events(podless, [first, event(said, at, uid="b")]) for at in times]

    assert [verdict and verdict.message for verdict in told] == [
        "StatefulSet concierge-postgres gets no pod: maximum memory usage per Container is 1Mi."
    ] * 2


def test_where_nothing_was_refused_nothing_is_told() -> None:
    assert told_by_events({"its-uid": "Job concierge-migrate-1"}, []) is None

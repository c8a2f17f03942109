"""Status tells the truth: Ready only for a generation acted on, one reason at a time, and what to do in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_operator import observe
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.status import Findings, can_wait, conditions, standstill, unready_seconds
from concierge_operator.status_model import Condition, TenantStatus

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ALL_READY = dict.fromkeys(("DatabaseReady", "MigrationsApplied", "WorkersReady", "AppsReady"), READY)


def shown(findings: Findings, before: list[Condition] | None = None, now: datetime = NOON) -> dict[str, Condition]:
    return {c.type: c for c in conditions(findings, before or [], now)}


def test_a_tenant_whose_parts_are_ready_is_ready_and_at_rest() -> None:
    now = shown(Findings(generation=3, applied=True, details=ALL_READY))

    assert (now["Ready"].status, now["Reconciling"].status, now["Stalled"].status) == ("True", "False", "False")
    assert {c.observed_generation for c in now.values()} == {3}


def test_a_generation_that_was_not_applied_is_not_ready_whatever_runs() -> None:
    now = shown(Findings(generation=4, applied=False, details=ALL_READY))

    assert (now["Ready"].status, now["Ready"].reason) == ("False", "NotAppliedYet")
    assert now["Reconciling"].status == "True"


def test_a_failed_migration_stalls_and_says_where_to_look() -> None:
    failed = observe.job(
        {
            "metadata": {"name": "concierge-migrate-1", "namespace": "strand"},
            "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
        }
    )
    now = shown(Findings(generation=1, applied=True, details={**ALL_READY, "MigrationsApplied": failed}))

    assert (now["Ready"].status, now["Stalled"].status, now["Reconciling"].status) == ("False", "True", "False")
    assert "kubectl logs -n strand job/concierge-migrate-1" in now["Ready"].message


def test_a_route_that_nobody_has_accepted_is_told_and_keeps_nobody_from_ready() -> None:
    route = observe.http_route({"status": {"parents": []}})
    now = shown(Findings(generation=1, applied=True, details={**ALL_READY, "RouteReady": route}))

    assert now["Ready"].status == "True"
    assert (now["RouteReady"].status, now["RouteReady"].reason) == ("False", "NoGatewayAnswered")


def test_a_condition_that_says_the_same_keeps_its_time() -> None:
    findings = Findings(generation=1, applied=True, details=ALL_READY)
    first = list(shown(findings).values())
    again = shown(findings, first, NOON + timedelta(hours=1))
    fallen = shown(Findings(generation=1, applied=False, details=ALL_READY), first, NOON + timedelta(hours=1))

    assert list(again.values()) == first
    assert fallen["Ready"].last_transition_time == "2026-11-25T13:00:00Z"


def test_a_closed_house_is_ready_and_says_so() -> None:
    now = shown(Findings(generation=1, applied=True, details={"AppsReady": READY}, suspended=True))

    assert (now["Ready"].status, now["Ready"].reason, now["Suspended"].status) == ("True", "Suspended", "True")


@given(
    st.booleans(),
    st.dictionaries(
        st.sampled_from(list(ALL_READY)),
        st.sampled_from(
            [READY, Verdict(State.PROGRESSING, "Waits", "It waits."), Verdict(State.FAILED, "Bad", "Bad.")]
        ),
    ),
    st.sampled_from([None, Verdict(State.FAILED, "InvalidSpec", "The spec is wrong.")]),
)
def test_ready_reconciling_and_stalled_never_contradict_each_other(
    applied: bool, details: dict[str, Verdict], stall: Verdict | None
) -> None:
    now = shown(Findings(generation=2, applied=applied, details=details, stall=stall))
    is_true = {name for name in ("Ready", "Reconciling", "Stalled") if now[name].status == "True"}

    assert len(is_true) == 1
    assert all(c.reason for c in now.values())


def deployment(**status: Any) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": "concierge-chat", "generation": 2},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, **status},
    }


def test_a_deployment_is_ready_when_all_its_pods_are_new_and_ready() -> None:
    assert observe.workload(deployment()).ready
    assert observe.workload(deployment(observedGeneration=1)).reason == "NotObservedYet"
    assert observe.workload(deployment(updatedReplicas=1)).reason == "RollingOut"
    assert observe.workload(deployment(replicas=3)).reason == "RollingOut", "an old pod still serves"
    assert observe.workload(deployment(readyReplicas=1)).message == "Deployment concierge-chat: 1 of 2 pods are ready."


def test_a_full_quota_is_named_with_what_to_do() -> None:
    said = 'pods "concierge-chat-7c9f-x2x4k" is forbidden: exceeded quota: tight, requested: pods=1, limited: pods=3'
    refused = {"type": "ReplicaFailure", "status": "True", "message": said}
    verdict = observe.workload(deployment(readyReplicas=0, conditions=[refused]))

    assert (verdict.state, verdict.reason) == (State.FAILED, "QuotaExceeded")
    assert verdict.message == (
        "Deployment concierge-chat gets no pod: exceeded quota: tight, requested: pods=1, limited: pods=3. "
        "Raise that quota, or ask for less."
    )


def test_an_image_that_cannot_be_fetched_is_told_from_the_pod() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image concierge:9"}
    verdict = observe.pod_trouble([_pod(waiting)])

    assert verdict is not None
    assert verdict.reason == "ImagePullFailed"
    assert "concierge:9" in verdict.message
    assert "Does this version exist" in verdict.message


def test_a_crash_names_the_command_that_shows_the_log() -> None:
    verdict = observe.pod_trouble([_pod({"reason": "CrashLoopBackOff", "message": "back-off 10s"})])

    assert verdict is not None
    assert "kubectl logs -n strandhaus concierge-chat-1 --previous" in verdict.message


@pytest.mark.parametrize(
    ("status", "since", "seconds"),
    [
        ("False", "2026-11-25T10:00:00Z", 90),
        ("True", "2026-11-25T10:00:00Z", 0),
        ("False", "2026-11-25T11:00:00Z", 0),
        ("False", "yesterday", 0),
    ],
)
def test_how_long_a_tenant_was_told_not_to_be_ready_outlives_the_operator(
    status: Any, since: str, seconds: float
) -> None:
    told = Condition(
        type="Ready", status=status, observed_generation=1, last_transition_time=since, reason="Any", message=""
    )

    assert unready_seconds([told], datetime(2026, 11, 25, 10, 1, 30, tzinfo=UTC)) == seconds


INVALID = Verdict(State.FAILED, "InvalidSpec", "spec.property is wrong. What runs keeps running.")


def standing(verdict: Verdict, before: list[Condition], generation: int = 2) -> dict[str, Condition]:
    return {c.type: c for c in standstill(verdict, before, generation, NOON)}


def test_a_closed_house_that_is_edited_wrongly_is_still_told_to_be_closed() -> None:
    closed = Findings(generation=1, applied=True, details={"AppsReady": READY}, suspended=True)
    before = list(shown(closed).values())

    now = standing(INVALID, before)

    assert (now["Ready"].status, now["Stalled"].reason) == ("False", "InvalidSpec")
    assert (now["Suspended"].status, now["Suspended"].observed_generation) == ("True", 1)
    assert (now["AppsReady"].status, now["AppsReady"].observed_generation) == ("True", 1)


def test_what_is_only_waited_for_is_no_stall() -> None:
    waits = Verdict(State.PROGRESSING, "LastBackup", "The last backup is made before the tenant goes.")

    now = standing(waits, [])

    assert [now[kind].status for kind in ("Ready", "Reconciling", "Stalled")] == ["False", "True", "False"]
    assert now["Ready"].message == now["Reconciling"].message == waits.message


def test_a_number_that_was_not_looked_at_is_told_as_before() -> None:
    before = list(shown(Findings(1, applied=True, details={**ALL_READY, "VoiceNumberConfigured": READY})).values())
    findings = Findings(2, applied=True, details=ALL_READY, unlooked=frozenset({"VoiceNumberConfigured"}))

    now = shown(findings, before)

    assert (now["VoiceNumberConfigured"].status, now["VoiceNumberConfigured"].observed_generation) == ("True", 1)
    assert list(now) == [one.type for one in before], "in the usual order"


def test_a_container_that_ends_again_and_again_is_told_between_two_ends_too() -> None:
    last = {"terminated": {"exitCode": 1}}
    runs = {"name": "web", "restartCount": 4, "ready": False, "state": {"running": {}}, "lastState": last}
    metadata = {"name": "concierge-web-1", "namespace": "house"}
    pod = {"metadata": metadata, "status": {"containerStatuses": [runs]}}

    assert (found := observe.pod_trouble([pod])) is not None
    assert (found.state, found.reason) == (State.FAILED, "Crashing")
    assert observe.pod_trouble([{**pod, "status": {"containerStatuses": [{**runs, "ready": True}]}}]) is None
    assert observe.pod_trouble([{**pod, "status": {"containerStatuses": [{**runs, "restartCount": 1}]}}]) is None


def test_a_gateway_that_has_not_seen_the_newest_route_has_not_accepted_it() -> None:
    accepted = {"type": "Accepted", "status": "True", "observedGeneration": 1}
    route = {"metadata": {"generation": 2}, "status": {"parents": [{"conditions": [accepted]}]}}

    assert observe.http_route(route).reason == "NotObservedYet"
    assert observe.http_route({**route, "metadata": {"generation": 1}}).ready


def _pod(waiting: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "concierge-chat-1", "namespace": "strandhaus"}
    return {"metadata": metadata, "status": {"containerStatuses": [{"state": {"waiting": waiting}}]}}


def status(generation: int = 1, inventory: tuple[str, ...] = (), **details: Verdict) -> TenantStatus:
    found = Findings(generation=generation, applied=True, details={**ALL_READY, **details})
    return TenantStatus(conditions=conditions(found, [], NOON), inventory=list(inventory))


ONE_POD = Verdict(State.PROGRESSING, "RollingOut", "0 of 2 pods are of the new version.")
TWO_PODS = Verdict(State.PROGRESSING, "RollingOut", "1 of 2 pods are of the new version.")
NO_IMAGE = Verdict(State.FAILED, "ImagePullFailed", "The image can't be fetched.")


def test_how_far_the_pods_are_may_be_told_later() -> None:
    both = status(AppsReady=ONE_POD, WorkersReady=ONE_POD)

    assert can_wait(both, status(AppsReady=TWO_PODS, WorkersReady=ONE_POD))
    assert can_wait(both, status(AppsReady=ONE_POD))


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(status(), id="it is Ready"),
        pytest.param(status(AppsReady=NO_IMAGE), id="it stalls"),
        pytest.param(status(generation=2, AppsReady=ONE_POD), id="another spec is acted on"),
        pytest.param(status(inventory=("Job/a 0123456789 -",), AppsReady=ONE_POD), id="something was made"),
    ],
)
def test_what_somebody_waits_for_or_acts_on_is_told_at_once(news: TenantStatus) -> None:
    assert not can_wait(status(AppsReady=ONE_POD), news)


def test_another_reason_to_stall_is_told_at_once() -> None:
    crashes = Verdict(State.FAILED, "Crashing", "It ends again and again.")

    assert not can_wait(status(AppsReady=NO_IMAGE), status(AppsReady=crashes))

"""`helm upgrade` from the chart before, while its operators look after hotels: no guest notices anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from concierge_operator.kinds import DEPLOYMENTS, PODS, TENANTS, child
from control_plane import ControlPlane, control_plane
from helm import CHART, NAMESPACE, Helm, previous_chart
from history import Entry, History, history
from played_kubelet import played_kubelet
from played_operators import PlayedOperators, played_operators
from street import Street, is_ready, wait_until

pytestmark = pytest.mark.timeout(300)
_DEFINITION = ("crd", "conciergetenants.concierge.hotel")


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A Kubernetes whose pods start, that has never heard of us."""
    folder = tmp_path / "kubernetes"
    folder.mkdir()
    with control_plane(folder) as running, played_kubelet(running):
        running.kubectl("create", "namespace", NAMESPACE)
        yield running


@pytest.fixture
def release(plane: ControlPlane, tmp_path: Path) -> Helm:
    """The chart of the version before, installed."""
    made = Helm(tmp_path / "helm", plane.kubeconfig)
    made.run("install", "concierge", str(previous_chart(tmp_path)))
    plane.established()
    return made


@pytest.fixture
def operators(plane: ControlPlane, release: Helm, tmp_path: Path) -> Iterator[PlayedOperators]:
    """As many as the chart says, with the settings and the rights that it gives them."""
    with played_operators(plane, NAMESPACE, tmp_path) as running:
        yield running


@pytest.fixture
def told(plane: ControlPlane, release: Helm) -> Iterator[History]:
    """What became of tenants, and of what runs for them."""
    with history(plane, TENANTS, PODS, DEPLOYMENTS, child("StatefulSet")) as made:
        yield made


def _now(plane: ControlPlane) -> int:
    """The moment, as the cluster's store counts."""
    listed = json.loads(plane.kubectl("get", "--raw", "/api/v1/namespaces"))
    return int(listed["metadata"]["resourceVersion"])


def _definition(plane: ControlPlane) -> tuple[str, bool]:
    """Its uid, and whether it has what the version before lacked."""
    live = json.loads(plane.kubectl("get", *_DEFINITION, "-o", "json"))
    schema = live["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return live["metadata"]["uid"], "suspend" in schema["properties"]["spec"]["properties"]


def _templates(entries: list[Entry]) -> set[tuple[str, int]]:
    """Each object, and how often its spec was written."""
    return {(one.uid, one.live["metadata"]["generation"]) for one in entries}


def test_an_upgrade_under_operators_at_work_restarts_no_pod_and_keeps_every_hotel_ready(
    plane: ControlPlane, release: Helm, operators: PlayedOperators, told: History
) -> None:
    street = Street(plane, ("with-version", "with-version-too")).build(version="1.0.0")
    own = Street(plane, ("without-version",)).build()
    wait_until(lambda: street.all_ready() and own.all_ready(), 90, street.tenants)
    wait_until(operators.caught_up, 30, operators.leader)
    before, definition, began = operators.running, _definition(plane), _now(plane)

    release.run("upgrade", "concierge", str(CHART), "--reset-then-reuse-values", "--set", "operator.workers=7")
    wait_until(lambda: operators.running and not operators.running & before, 60, lambda: operators.running)
    wait_until(lambda: operators.leader() in operators.running and operators.caught_up(), 60, operators.leader)

    assert _definition(plane) == (definition[0], True)
    assert not definition[1]
    for namespace in (*street.namespaces, *own.namespaces):
        pods, tenants = told.of(namespace, "Pod"), told.of(namespace, "ConciergeTenant")
        assert {one.uid for one in pods if one.moment > began} <= {one.uid for one in pods if one.moment <= began}
        assert not [one.name for one in pods if one.moment > began and one.goes]
        assert all(is_ready(one.live) for one in tenants if one.moment > began)
        made = told.of(namespace, "Deployment", "StatefulSet")
        assert _templates(made) == _templates([one for one in made if one.moment <= began])
    assert street.all_ready()
    assert own.all_ready()

    # The new ones do what the version before could not even be asked.
    own.edit(suspend={"active": True})
    wait_until(lambda: _closed(own), 60, own.tenants)


def _closed(street: Street) -> bool:
    return all(
        any(one["type"] == "Suspended" and one["status"] == "True" for one in tenant["status"]["conditions"])
        for tenant in street.tenants().values()
    )

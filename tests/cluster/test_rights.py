"""An operator whose account lacks a right says so on the tenant, with the verb, the kind and the remedy, and waits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from control_plane import ControlPlane
from fault_proxy import FaultProxy, fault_proxy
from hotel import Hotel
from operator_account import operator_kubeconfig
from running_operator import RunningOperator, running_operator
from street import wait_until

pytestmark = pytest.mark.timeout(240)
PATIENT = {"lease_seconds": 15, "renew_deadline_seconds": 10}
SCALED = {"autoscaling": {"chat": {"minReplicas": 1, "maxReplicas": 3}}}


@contextmanager
def lacking(
    plane: ControlPlane, folder: Path, name: str, resource: str, *verbs: str
) -> Iterator[tuple[RunningOperator, FaultProxy]]:
    """An operator with the chart's rights but these, behind a proxy that counts."""
    token = json.loads(operator_kubeconfig(plane, name, lacks=(resource, verbs)).read_text())["users"]
    with fault_proxy(plane, folder) as proxy:
        config = json.loads(proxy.kubeconfig.read_text())
        proxy.kubeconfig.write_text(json.dumps({**config, "users": token}))
        with running_operator(proxy.kubeconfig, **PATIENT) as running:
            yield running, proxy


def grant(plane: ControlPlane, name: str) -> None:
    """What was forgotten."""
    operator_kubeconfig(plane, name)


def heals(plane: ControlPlane, hotel: Hotel, name: str) -> None:
    """Once the right is granted and somebody looks, the hotel opens."""
    grant(plane, name)
    hotel.kubectl("label", "ct", "--all", "somebody=is-looking")
    hotel.is_ready(120)


def test_what_may_not_be_made_is_told_with_verb_kind_and_remedy_and_made_once_it_may(
    lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path
) -> None:
    with lacking(lone_plane, tmp_path, "unscaled", "horizontalpodautoscalers", "patch") as (_, proxy):
        lone_hotel.apply(**SCALED)
        told = lone_hotel.stalls("NotAllowed", 120)
        time.sleep(5)
        written = proxy.writes_during(15, lone_hotel.namespace)
        heals(lone_plane, lone_hotel, "unscaled")

    assert "system:serviceaccount:concierge-system:unscaled" in told
    assert "may not patch horizontalpodautoscalers.autoscaling" in told
    assert "helm upgrade" in told
    assert len(written) <= 8
    events = [one for one in lone_hotel.list("events") if one["reason"] == "NotAllowed"]
    assert len([one for one in events if "may not patch" in one["message"]]) <= 2, "on transitions only"


def test_a_secret_that_may_not_be_read_is_told_too(lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path) -> None:
    with lacking(lone_plane, tmp_path, "blind", "secrets", "get") as (_, proxy):
        lone_hotel.kubectl("create", "secret", "generic", "gemini", "--from-literal=key=one")
        lone_hotel.apply(profile="compact", ai={"keySecret": {"name": "gemini", "key": "key"}})
        told = lone_hotel.stalls("NotAllowed")
        time.sleep(3)
        written = proxy.writes_during(10, lone_hotel.namespace)
        heals(lone_plane, lone_hotel, "blind")

    assert "may not get secrets" in told
    assert len(written) <= 2


def test_a_monitor_that_may_not_be_made_is_told_and_keeps_nobody_from_ready(
    lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path
) -> None:
    with (
        monitors(lone_plane),
        lacking(lone_plane, tmp_path, "unmeasured", "podmonitors", "patch", "create") as (_, proxy),
    ):
        lone_hotel.apply(profile="compact").is_ready(120)
        told = lone_hotel.condition("MonitoringReady")
        time.sleep(3)
        written = proxy.writes_during(15, lone_hotel.namespace)
        lone_hotel.kubectl("delete", "ct", "--all")

    assert (told["status"], told["reason"]) == ("False", "NotAllowed")
    assert "may not patch podmonitors.monitoring.coreos.com" in told["message"]
    assert len(written) <= 2


@contextmanager
def monitors(plane: ControlPlane) -> Iterator[None]:
    """The cluster knows PodMonitors."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names = {"kind": "PodMonitor", "plural": "podmonitors", "singular": "podmonitor", "listKind": "PodMonitorList"}
    metadata = {"name": "podmonitors.monitoring.coreos.com"}
    spec = {"group": "monitoring.coreos.com", "scope": "Namespaced", "names": names, "versions": [version]}
    made = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    plane.apply({**made, "metadata": metadata, "spec": spec})
    plane.established()
    try:
        yield
    finally:
        plane.kubectl("delete", "crd", metadata["name"])


def test_a_kind_that_may_not_be_listed_is_told_on_every_tenant_and_changes_nothing(
    lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path
) -> None:
    with lacking(lone_plane, tmp_path, "unlisted", "horizontalpodautoscalers", "list") as (running, proxy):
        lone_hotel.apply(profile="compact")
        told = lone_hotel.stalls("NotAllowed")
        ready, alive = running.operator.ready(), running.operator.alive()
        written = proxy.writes_during(10, lone_hotel.namespace)
        grant(lone_plane, "unlisted")
        lone_hotel.is_ready(120)
        assert running.operator.ready() is None

    assert "may not list horizontalpodautoscalers.autoscaling" in told
    assert ready is not None
    assert "horizontalpodautoscalers" in ready
    assert alive is None, "a restart would help nothing"
    assert lone_hotel.list("events")
    assert written == []


def test_an_operator_that_may_never_lead_is_not_ready_and_says_why(lone_plane: ControlPlane, tmp_path: Path) -> None:
    with lacking(lone_plane, tmp_path, "modest", "leases", "create", "update") as (running, _):
        wait_until(lambda: "leases" in (running.operator.ready() or ""), 60)
        told, alive = running.operator.ready(), running.operator.alive()
        grant(lone_plane, "modest")
        wait_until(lambda: running.operator.ready() is None, 60)

    assert told is not None
    assert "system:serviceaccount:concierge-system:modest" in told
    assert alive is None


def test_an_operator_that_may_see_no_tenants_says_so_and_is_not_restarted_for_it(
    lone_plane: ControlPlane, tmp_path: Path
) -> None:
    with lacking(lone_plane, tmp_path, "hidden", "conciergetenants", "list") as (running, _):
        wait_until(lambda: "conciergetenants" in (running.operator.ready() or ""), 60)
        told, alive = running.operator.ready(), running.operator.alive()

    assert told is not None
    assert "cannot list resource" in told
    assert alive is None

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


def test_what_may_not_be_made_is_told_with_verb_kind_and_remedy_and_made_once_it_may(
    lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path
) -> None:
    with lacking(lone_plane, tmp_path, "unscaled", "horizontalpodautoscalers", "patch") as (_, proxy):
        lone_hotel.apply(**SCALED)
        told = lone_hotel.stalls("NotAllowed", 120)
        time.sleep(5)
        written = proxy.writes_during(15, lone_hotel.namespace)
        grant(lone_plane, "unscaled")
        lone_hotel.kubectl("label", "ct", "--all", "somebody=is-looking")
        lone_hotel.is_ready(120)

    assert "system:serviceaccount:concierge-system:unscaled" in told
    assert "may not patch horizontalpodautoscalers.autoscaling" in told
    assert "helm upgrade" in told
    assert len(written) <= 8
    events = [one for one in lone_hotel.list("events") if one["reason"] == "NotAllowed"]
    assert len([one for one in events if "may not patch" in one["message"]]) <= 2, "on transitions only"


def test_a_secret_that_may_not_be_read_is_told_too(lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path) -> None:
    with lacking(lone_plane, tmp_path, "blind", "secrets", "get") as (_, proxy):
        lone_hotel.apply(profile="compact")
        told = lone_hotel.stalls("NotAllowed")
        time.sleep(3)
        written = proxy.writes_during(10, lone_hotel.namespace)
        grant(lone_plane, "blind")
        lone_hotel.kubectl("label", "ct", "--all", "somebody=is-looking")
        lone_hotel.is_ready(120)

    assert "may not get secrets" in told
    assert len(written) <= 2


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

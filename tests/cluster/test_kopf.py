"""Kopf watches what people write. When it begins anew, or ends, nothing else of the operator may end with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from control_plane import ControlPlane
from fault_proxy import Asked, FaultProxy, torn
from hotel import Hotel
from killable_operator import operator_process
from running_operator import running_operator
from street import wait_until

pytestmark = pytest.mark.timeout(180)
LEASE = ("get", "lease", "concierge-operator", "-n", "concierge-system", "-o", "jsonpath={.spec.holderIdentity}")
_AFTER_KOPFS_FAREWELL_SECONDS = 8
"""It waits so long for what it takes for its own."""


def tenants_watch(asked: Asked) -> bool:
    """Kopf's watch of the tenants."""
    return asked.watch and asked.path.endswith("/conciergetenants")


def test_when_kopf_begins_anew_everything_else_goes_on(proxy: FaultProxy, lone_hotel: Hotel) -> None:
    with running_operator(
        proxy.kubeconfig, watch_silence_seconds=5, lease_seconds=15, renew_deadline_seconds=10
    ) as running:
        lone_hotel.apply(profile="compact", version="1.0.0").is_ready(90)
        with proxy.harming(torn, tenants_watch, times=1):
            broken = time.monotonic()
            lone_hotel.wait(lambda: proxy.count(tenants_watch, broken) >= 2, 30)
        time.sleep(_AFTER_KOPFS_FAREWELL_SECONDS)
        lone_hotel.kubectl("delete", "networkpolicy", "concierge-default-deny")
        lone_hotel.wait(lambda: lone_hotel.get("networkpolicy", "concierge-default-deny"), 30)
        lone_hotel.edit(version="1.1.0")
        lone_hotel.wait(lambda: lone_hotel.status.get("version") == "1.1.0", 60)

        assert running.operator.alive() is None


def test_an_operator_that_is_told_to_stop_hands_the_lease_over_at_once(
    lone_plane: ControlPlane, tmp_path: Path
) -> None:
    with operator_process(lone_plane.kubeconfig, "leaving", tmp_path) as running:
        wait_until(lambda: lone_plane.kubectl(*LEASE, check=False) == "leaving", 60)
        began = time.monotonic()
        os.kill(running.process.pid, signal.SIGTERM)
        code = running.process.wait(20)
        took = time.monotonic() - began

    print(f"stopped after {took:.1f} s")
    assert code == 0
    assert lone_plane.kubectl(*LEASE) == ""
    assert took < 4

"""What ends looks again and again, without anything being wrong with the tenant, is told on it as well."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from control_plane import ControlPlane
from fault_proxy import Asked, FaultProxy, answers
from hotel import Hotel
from killable_operator import operator_process
from running_operator import running_operator
from street import wait_until

pytestmark = pytest.mark.timeout(240)
PATIENT = {"lease_seconds": 15, "renew_deadline_seconds": 10}


def test_an_object_that_fails_at_somebodys_webhook_is_told_and_made_when_that_is_well_again(
    proxy: FaultProxy, lone_hotel: Hotel
) -> None:
    def services(asked: Asked) -> bool:
        return asked.writes and "/services/" in asked.path and asked.within(lone_hotel.namespace)

    with running_operator(proxy.kubeconfig, **PATIENT):
        lone_hotel.apply(profile="compact", version="1.0.0").is_ready(90)
        with proxy.harming(answers(500, "InternalError"), services):
            lone_hotel.kubectl("delete", "service", "concierge-web")
            lone_hotel.wait(lambda: lone_hotel.condition("Reconciling").get("reason") == "TryingAgain", 90)
            told, ready = lone_hotel.condition("Reconciling"), lone_hotel.condition("Ready")
            written = proxy.writes_during(15, lone_hotel.namespace)
        lone_hotel.is_ready(120)

    assert "played: InternalError" in told["message"]
    assert (told["status"], ready["status"]) == ("True", "False")
    assert lone_hotel.condition("Stalled")["status"] == "False"
    assert len(written) <= 12


def test_an_operator_that_is_told_to_stop_before_it_has_begun_stops_in_good_order(
    lone_plane: ControlPlane, tmp_path: Path
) -> None:
    """A container's first process gets no signal that it did not ask for."""
    nowhere = tmp_path / "nowhere.kubeconfig"
    nowhere.write_text(lone_plane.kubeconfig.read_text().replace(lone_plane.url, "https://127.0.0.1:9"))

    with operator_process(nowhere, "early", tmp_path) as running:
        wait_until(lambda: "can't be read yet" in running.log.read_text(), 60)
        began = time.monotonic()
        os.kill(running.process.pid, signal.SIGTERM)
        code = running.process.wait(20)

    assert code == 0
    assert time.monotonic() - began < 5

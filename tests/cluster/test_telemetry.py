"""What an engineer sees of the operator from outside: a trace of each look, and metrics by the usual names."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from control_plane import ControlPlane
from hotel import Hotel
from running_operator import running_operator

pytestmark = pytest.mark.timeout(180)
STAGES = {"guard", "config", "data", "migration", "workloads"}


def value(name: str, **labels: str) -> float:
    """Of a metric; 0 where it was never told."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_each_look_is_a_span_with_one_for_every_stage_and_drift_is_counted_by_its_author(
    lone_plane: ControlPlane, lone_hotel: Hotel, spans: InMemorySpanExporter
) -> None:
    applied = value("concierge_apply_total", kind="Deployment", result="applied")
    author = {"kind": "Deployment", "author": "night-shift"}
    drifted = value("concierge_drift_corrected_total", **author)
    told = {"namespace": lone_hotel.namespace, "tenant": "pension-lindenhof", "type": "Ready", "status": "True"}

    with running_operator(lone_plane.kubeconfig, lease_seconds=15, renew_deadline_seconds=10):
        lone_hotel.apply(profile="compact", version="1.0.0").is_ready(90)
        patch = '{"spec":{"revisionHistoryLimit":7}}'
        lone_hotel.kubectl("patch", "deployment", "concierge-web", "-p", patch, "--field-manager=night-shift")
        lone_hotel.wait(lambda: value("concierge_drift_corrected_total", **author) > drifted)
        lone_hotel.is_ready(90)
        lone_hotel.wait(lambda: value("concierge_tenant_condition", **told) == 1)
        lone_hotel.kubectl("delete", "ct", "--all")
        lone_hotel.wait(lambda: REGISTRY.get_sample_value("concierge_tenant_condition", told) is None)

    finished = spans.get_finished_spans()
    looks = {one.context.span_id for one in finished if one.name == "reconcile" and one.context is not None}
    below = [one for one in finished if one.parent is not None and one.parent.span_id in looks]
    stages = {str((one.attributes or {}).get("concierge.stage")) for one in finished if one.name == "apply"}
    assert {one.name for one in below} >= {"secrets", "render", "apply", "migration", "observe", "status"}
    assert stages >= STAGES
    assert value("concierge_apply_total", kind="Deployment", result="applied") > applied
    assert value("workqueue_adds_total") > 0
    assert REGISTRY.get_sample_value("workqueue_depth") is not None
    assert value("concierge_reconcile_time_seconds_count", result="ok") > 0

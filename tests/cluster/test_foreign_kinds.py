"""What chart and operator make of other projects' kinds, by these projects' own definitions in a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.render import render
from control_plane import ControlPlane, control_plane
from helm import NAMESPACE, Helm
from kubernetes_binaries import module_files
from rendered import MANIFESTS, context, property_of

_PROMETHEUS = (
    "github.com/prometheus-operator/prometheus-operator",
    "example/prometheus-operator-crd/monitoring.coreos.com",
)
DEFINITIONS = [
    ("sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
    ("github.com/cert-manager/cert-manager", "deploy/crds/cert-manager.io_certificates.yaml"),
    *(
        (_PROMETHEUS[0], f"{_PROMETHEUS[1]}_{kind}.yaml")
        for kind in ("servicemonitors", "prometheusrules", "podmonitors")
    ),
]
GROUPS = ("gateway.networking.k8s.io", "cert-manager.io", "monitoring.coreos.com")
REACHED = {
    "host": "house.example",
    "gateway": {"name": "public", "namespace": "gateways", "sectionName": "https"},
    "tls": {"issuer": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A Kubernetes with the Gateway API, cert-manager's and the Prometheus operator's definitions."""
    with control_plane(tmp_path_factory.mktemp("foreign")) as running:
        for module, path in DEFINITIONS:
            running.kubectl("apply", "--server-side", "-f", str(module_files(module) / path))
        running.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        running.kubectl("create", "namespace", NAMESPACE)
        yield running


def foreign(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of other projects' groups."""
    return [manifest for manifest in manifests if manifest["apiVersion"].startswith(GROUPS)]


def test_the_charts_monitoring_is_what_a_prometheus_operator_takes(plane: ControlPlane, tmp_path: Path) -> None:
    on = {part: {"enabled": True} for part in ("serviceMonitor", "alerts", "dashboards")}
    made = foreign(Helm(tmp_path / "helm").objects({"metrics": on}))

    said = plane.apply(*made)

    assert {manifest["kind"] for manifest in made} == {"ServiceMonitor", "PrometheusRule"}
    assert said.count("serverside-applied") == 2


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_a_hotels_route_certificate_and_monitor_are_taken_and_twice_without_a_change(
    plane: ControlPlane, path: Path
) -> None:
    plain = property_of(path).model_dump(by_alias=True, exclude_unset=True, mode="json")
    tenant = ConciergeTenant.model_validate({**plain, "spec": {**plain["spec"], **REACHED}})
    made = foreign(render(context(tenant)).all)
    plane.kubectl("create", "namespace", tenant.metadata.name)

    plane.apply(*made)
    before = plane.kubectl("get", "httproute,certificate,podmonitor", "-n", tenant.metadata.name, "-o", "yaml")
    plane.apply(*made)
    after = plane.kubectl("get", "httproute,certificate,podmonitor", "-n", tenant.metadata.name, "-o", "yaml")

    def generations(listed: str) -> dict[str, int]:
        return {one["kind"]: one["metadata"]["generation"] for one in yaml.safe_load(listed)["items"]}

    assert set(generations(before)) == {"HTTPRoute", "Certificate", "PodMonitor"}
    assert generations(before) == generations(after)

"""What chart and operator make of other projects' kinds, by these projects' own definitions in a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.render import render
from control_plane import ControlPlane, control_plane
from helm import NAMESPACE, Helm
from kubernetes_binaries import module_files
from rendered import MANIFESTS, context, property_of, small_tenant

_PROMETHEUS = (
    "github.com/prometheus-operator/prometheus-operator",
    "example/prometheus-operator-crd/monitoring.coreos.com",
)
DEFINITIONS = [
    ("sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
    ("github.com/cert-manager/cert-manager", "deploy/crds/cert-manager.io_certificates.yaml"),
    *(
        ("github.com/cloudnative-pg/cloudnative-pg", f"config/crd/bases/postgresql.cnpg.io_{kind}.yaml")
        for kind in ("clusters", "scheduledbackups")
    ),
    *(
        (_PROMETHEUS[0], f"{_PROMETHEUS[1]}_{kind}.yaml")
        for kind in ("servicemonitors", "prometheusrules", "podmonitors")
    ),
]
GROUPS = ("gateway.networking.k8s.io", "cert-manager.io", "monitoring.coreos.com", "postgresql.cnpg.io")
REACHED = {
    "host": "house.example",
    "gateway": {"name": "public", "namespace": "gateways", "sectionName": "https"},
    "tls": {"issuer": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A Kubernetes with the definitions of the Gateway API, cert-manager, the Prometheus operator and CloudNativePG."""
    with control_plane(tmp_path_factory.mktemp("foreign")) as running:
        for module, path in DEFINITIONS:
            running.kubectl("apply", "--server-side", "-f", str(module_files(module) / path))
        running.established()
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


def generations(listed: str) -> dict[str, int]:
    """Kind → generation of what `kubectl get` printed."""
    return {one["kind"]: one["metadata"]["generation"] for one in yaml.safe_load(listed)["items"]}


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

    assert set(generations(before)) == {"HTTPRoute", "Certificate", "PodMonitor"}
    assert generations(before) == generations(after)


@pytest.mark.parametrize("instances", [1, 3])
def test_a_cloudnativepg_database_is_taken_strictly_and_twice_without_a_change(
    plane: ControlPlane, instances: int
) -> None:
    tenant = small_tenant(
        postgres={"mode": "cloudnativepg", "instances": instances},
        backup={"enabled": True, "destination": "s3://hotels/north", "credentialsSecret": "bucket"},
        image={"pullSecrets": ["registry"]},
        scheduling={
            "nodeSelector": {"pool": "hotels"},
            "tolerations": [{"key": "hotels", "operator": "Exists"}],
            "priorityClassName": "guests",
        },
        storage={"className": "fast"},
    )
    ctx = replace(
        context(tenant), namespace=f"cnpg-{instances}", offered=frozenset({"ObjectStore.barmancloud.cnpg.io"})
    )
    made = [one for one in render(ctx).all if one["apiVersion"].startswith("postgresql.cnpg.io/")]
    plane.kubectl("create", "namespace", ctx.namespace)

    plane.apply(*made)
    before = plane.kubectl("get", "clusters.postgresql.cnpg.io,scheduledbackups", "-n", ctx.namespace, "-o", "yaml")
    plane.apply(*made)
    after = plane.kubectl("get", "clusters.postgresql.cnpg.io,scheduledbackups", "-n", ctx.namespace, "-o", "yaml")

    assert {one["kind"] for one in made} == {"Cluster", "ScheduledBackup"}
    assert generations(before) == generations(after)

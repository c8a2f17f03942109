"""The chart, from what helm makes of its values to what becomes of hotels when it is upgraded and uninstalled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_operator.crd import class_crd, tenant_crd
from concierge_operator.settings import OperatorSettings
from control_plane import ControlPlane, control_plane
from helm import CHART, NAMESPACE, Helm, previous_chart
from rendered import MANIFESTS, by_kind
from street import wait_until

pytestmark = pytest.mark.timeout(300)  # helm and a dozen kubectl each, on machines that have other things to do

WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "everything on": {
        "fullnameOverride": "desk",
        "replicas": 3,
        "image": {"tag": "9.9.9", "digest": "sha256:" + "a" * 64, "pullSecrets": ["registry"]},
        "podAnnotations": {"team": "guests"},
        "podLabels": {"team": "guests"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "control", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "system-cluster-critical",
        "resources": {"requests": {"cpu": 0.5, "memory": "256Mi"}, "limits": {"cpu": 2}},
        "serviceAccount": {"annotations": {"owner": "platform"}},
        "tenants": {
            "image": "registry.example:5000/hotels/concierge",
            "version": "1.2.3",
            "redisImage": f"registry.example:5000/valkey/valkey:8.1-Alpine@sha256:{'b' * 64}",
        },
        "operator": {
            "otlpEndpoint": "http://otel-collector.monitoring:4318",
            "twilioBaseUrl": "https://twilio-proxy.example",
            "extraEnv": [{"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "cluster=north"}],
        },
        "metrics": {
            "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "alerts": {"enabled": True, "labels": {"release": "prometheus"}},
            "dashboards": {"enabled": True, "annotations": {"grafana_folder": "Concierge"}},
        },
    },
    "as little as can be": {
        "replicas": 1,
        "crds": {"enabled": False},
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "operator"},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
    },
    "closed to the internet": {
        "networkPolicy": {"twilio": False, "apiServer": {"cidrs": ["10.96.0.1/32"], "ports": [443]}},
        "cluster": {"monitoringNamespaces": []},
    },
}
# The server without add-ons knows none of these.
NOT_BUILT_IN = {"ServiceMonitor", "PrometheusRule"}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A Kubernetes that has never heard of us."""
    with control_plane(tmp_path_factory.mktemp("untouched")) as running:
        running.kubectl("create", "namespace", NAMESPACE)
        running.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        yield running


@pytest.fixture
def helm(tmp_path: Path) -> Helm:
    """helm without a cluster."""
    return Helm(tmp_path / "helm")


@pytest.fixture
def release(plane: ControlPlane, tmp_path: Path) -> Iterator[Helm]:
    """helm on that cluster; what it installed is gone afterwards, definitions and tenants too."""
    there = Helm(tmp_path / "helm", plane.kubeconfig)
    yield there
    there.run("uninstall", "concierge", "--ignore-not-found", "--wait")
    plane.kubectl(
        "delete", "crd", "--ignore-not-found", "conciergetenants.concierge.hotel", "conciergeclasses.concierge.hotel"
    )


def operator_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The one Deployment."""
    (found,) = by_kind(objects, "Deployment").values()
    return found


# --- what helm makes of the values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_helm_finds_nothing_to_say_against_the_chart(helm: Helm, way: str) -> None:
    said = helm.run("lint", "--strict", str(CHART), "--values", str(helm.written(WAYS[way])))

    assert "1 chart(s) linted, 0 chart(s) failed" in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replica": 2}, "additional properties 'replica' not allowed"),
        ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
        ({"replicas": "two"}, "at '/replicas': got string, want integer"),
        ({"image": {"digest": "latest"}}, "at '/image/digest': 'latest' does not match pattern"),
        ({"tenants": {"image": "concierge:1.2"}}, "at '/tenants/image'"),
        ({"tenants": {"redisImage": "valkey@latest"}}, "at '/tenants/redisImage'"),
        ({"resources": {"requests": {"cpu": "half"}}}, "at '/resources/requests/cpu'"),
        ({"cluster": {"dnsPorts": []}}, "at '/cluster/dnsPorts': minItems"),
        ({"cluster": {"gatewayCidrs": ["10.0.0.1"]}}, "at '/cluster/gatewayCidrs/0'"),
        ({"operator": {"logLevel": "LOUD"}}, "at '/operator/logLevel'"),
        ({"operator": {"otlpEndpoint": "collector:4318"}}, "at '/operator/otlpEndpoint'"),
        ({"metrics": {"serviceMonitor": {"interval": "soon"}}}, "at '/metrics/serviceMonitor/interval'"),
        ({"networkPolicy": {"apiServer": {"cidrs": []}}}, "at '/networkPolicy/apiServer/cidrs': minItems"),
        ({"operator": {"leaseSeconds": 5}}, "renewDeadlineSeconds must be less than operator.leaseSeconds"),
        ({"operator": {"retrySeconds": 8}}, "retrySeconds must be less than operator.renewDeadlineSeconds"),
        ({"serviceAccount": {"create": False}}, "say in serviceAccount.name which account the operator uses"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(helm: Helm, values: dict[str, Any], said: str) -> None:
    assert said in helm.template(values, check=False)


def test_values_reach_the_operator_as_its_settings(helm: Helm) -> None:
    pod = operator_of(helm.objects(WAYS["everything on"]))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    given = {one["name"]: one.get("value") for one in container["env"]}

    assert container["image"] == f"ghcr.io/concierge-hotel/concierge:9.9.9@sha256:{'a' * 64}"
    assert container["command"] == ["concierge-operator"]
    assert given["CONCIERGE_OPERATOR_IMAGE"] == "registry.example:5000/hotels/concierge"
    assert given["CONCIERGE_OPERATOR_VERSION"] == "1.2.3"
    assert given["CONCIERGE_OPERATOR_IDENTITY"] == "$(POD_NAME)"
    assert given["CONCIERGE_OPERATOR_NAMESPACE"] == "$(POD_NAMESPACE)"
    assert given["CONCIERGE_OPERATOR_OTLP_ENDPOINT"] == "http://otel-collector.monitoring:4318"
    assert given["OTEL_RESOURCE_ATTRIBUTES"] == "cluster=north"


def test_the_operator_reads_what_the_chart_gives_it(helm: Helm, monkeypatch: pytest.MonkeyPatch) -> None:
    picked = {"podMonitorLabels": {"release": "kube-prometheus-stack", "team": "north"}}
    values = {**WAYS["everything on"], "cluster": {"gatewayNamespaces": ["edge", "inner"], "monitoringNamespaces": []}}
    values["tenants"] = {**values.get("tenants", {}), **picked}
    values["operator"] = {**values["operator"], "resyncSeconds": 1234567, "retrySeconds": 0.5}
    (container,) = operator_of(helm.objects(values))["spec"]["template"]["spec"]["containers"]
    for one in container["env"]:
        monkeypatch.setenv(one["name"], one.get("value", "").replace("$(POD_NAMESPACE)", NAMESPACE))

    read = OperatorSettings()

    assert (read.namespace, read.version, read.image) == (NAMESPACE, "1.2.3", "registry.example:5000/hotels/concierge")
    assert (read.resync_seconds, read.retry_seconds, read.workers) == (1234567, 0.5, 32)
    assert read.otlp_endpoint == "http://otel-collector.monitoring:4318"
    assert read.defaults().gateway_namespaces == ("edge", "inner")
    assert read.defaults().monitoring_namespaces == ()
    assert read.defaults().dns_ports == (53,)
    assert read.defaults().pod_monitor_labels == picked["podMonitorLabels"]


def test_the_operator_reaches_only_what_it_needs_and_only_the_monitoring_reaches_it(helm: Helm) -> None:
    def policy(way: str) -> dict[str, Any]:
        (found,) = by_kind(helm.objects(WAYS[way]), "NetworkPolicy").values()
        spec: dict[str, Any] = found["spec"]
        return spec

    def ports(spec: dict[str, Any]) -> list[list[int]]:
        return [[port["port"] for port in rule["ports"]] for rule in spec["egress"]]

    usual, most, least = policy("as it is"), policy("everything on"), policy("closed to the internet")

    assert usual["policyTypes"] == most["policyTypes"] == least["policyTypes"] == ["Ingress", "Egress"]
    assert [rule["ports"] for rule in usual["ingress"]] == [[{"protocol": "TCP", "port": "http"}]]
    assert ports(usual) == [[53, 53], [443, 6443], [443]]
    assert ports(most) == [[53, 53], [443, 6443], [443], [443], [4318]]
    assert ports(least) == [[53, 53], [443]]
    assert "ingress" not in least


def test_monitoring_is_there_only_where_it_is_asked_for(helm: Helm) -> None:
    usual, most = (helm.objects(WAYS[way]) for way in ("as it is", "everything on"))

    assert not {made["kind"] for made in usual} & {"ServiceMonitor", "PrometheusRule", "ConfigMap"}
    assert {made["metadata"]["name"] for made in most if made["kind"] == "ConfigMap"} == {
        "desk-dashboard-operator",
        "desk-dashboard-property",
    }
    for board in by_kind(most, "ConfigMap").values():
        assert [json.loads(text)["title"] for text in board["data"].values()]
    (rules,) = by_kind(most, "PrometheusRule").values()
    assert rules["spec"] == yaml.safe_load((CHART / "files" / "alerts.yaml").read_text(encoding="utf-8"))
    assert rules["metadata"]["labels"]["release"] == "prometheus"


def test_rights_are_those_that_were_proved_to_be_least(helm: Helm) -> None:
    objects = helm.objects({})
    rules = yaml.safe_load((CHART / "files" / "rules.yaml").read_text(encoding="utf-8"))
    everywhere = by_kind(objects, "ClusterRole")[f"{NAMESPACE}-concierge"]
    (own,) = by_kind(objects, "Role").values()
    subjects = [
        one
        for kind in ("ClusterRoleBinding", "RoleBinding")
        for b in by_kind(objects, kind).values()
        for one in b["subjects"]
    ]

    assert everywhere["rules"] == rules["everywhere"]
    assert own["rules"] == rules["ownNamespace"]
    assert own["metadata"]["namespace"] == NAMESPACE
    assert subjects == [{"kind": "ServiceAccount", "name": "concierge", "namespace": NAMESPACE}] * 2


# --- what a cluster makes of the objects ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_real_api_server_takes_every_object_strictly(plane: ControlPlane, helm: Helm, way: str) -> None:
    objects = [made for made in helm.objects(WAYS[way]) if made["kind"] not in NOT_BUILT_IN]
    text = yaml.safe_dump_all(objects, allow_unicode=True)

    said = plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", NAMESPACE, "-f", "-", stdin=text
    )

    assert said.count("serverside-applied") == len(objects)
    assert "Warning" not in said


def test_the_operators_pod_is_let_into_a_restricted_namespace(plane: ControlPlane, helm: Helm) -> None:
    spec = operator_of(helm.objects({}))["spec"]["template"]["spec"] | {"serviceAccountName": "default"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator", "namespace": NAMESPACE}, "spec": spec}

    assert "created" in plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


def test_the_operators_account_may_keep_hotels_and_nothing_else(plane: ControlPlane, release: Helm) -> None:
    release.run("install", "concierge", str(CHART))
    account = f"system:serviceaccount:{NAMESPACE}:concierge"

    def may(*what: str) -> bool:
        return plane.kubectl("auth", "can-i", *what, "--as", account, check=False).strip().endswith("yes")

    assert may("patch", "deployments.apps", "-n", "anywhere")
    assert may("create", "secrets", "-n", "anywhere")
    assert may("patch", "conciergetenants.concierge.hotel", "--subresource=status", "-n", "anywhere")
    assert may("update", "leases.coordination.k8s.io", "-n", NAMESPACE)
    assert may("get", "/apis")
    assert not may("update", "leases.coordination.k8s.io", "-n", "anywhere")
    assert not may("create", "clusterroles.rbac.authorization.k8s.io")
    assert not may("create", "pods", "--subresource=exec", "-n", "anywhere")
    assert not may("create", "serviceaccounts", "--subresource=token", "-n", "anywhere")
    assert not may("delete", "namespaces")
    assert not may("get", "nodes")
    assert not may("delete", "conciergetenants.concierge.hotel", "-n", "anywhere")


def test_who_may_view_or_edit_a_namespace_may_do_so_with_its_tenant(
    plane: ControlPlane, release: Helm, namespace: str
) -> None:
    release.run("install", "concierge", str(CHART))
    for person, role in (("viola", "view"), ("edda", "edit"), ("adam", "admin")):
        plane.kubectl("create", "rolebinding", person, f"--clusterrole={role}", f"--user={person}", "-n", namespace)

    def may(person: str, verb: str, where: str = namespace) -> bool:
        question = ("auth", "can-i", verb, "conciergetenants.concierge.hotel", "-n", where, "--as", person)
        return plane.kubectl(*question, check=False).strip().endswith("yes")

    wait_until(lambda: may("viola", "watch") and may("edda", "patch") and may("adam", "delete"), 30)
    assert not may("viola", "patch")
    assert not may("edda", "get", "elsewhere")
    assert not may("nobody", "get")
    forging = ("patch", "conciergetenants.concierge.hotel", "--subresource=status", "-n", namespace, "--as", "adam")
    assert plane.kubectl("auth", "can-i", *forging, check=False).strip().endswith("no")


def test_what_is_said_after_the_installation_leads_on(release: Helm) -> None:
    said = release.run("install", "concierge", str(CHART))

    assert "2 operators, one of which leads" in said
    assert f"kubectl -n {NAMESPACE} rollout status deployment/concierge" in said
    assert "kubectl get ct -A" in said
    assert "Careful" not in said


# --- the life of a release --------------------------------------------------------------------------------------------


def hotel(plane: ControlPlane, namespace: str) -> dict[str, Any]:
    """A tenant of this name, made now if there is none; as it lives in the cluster."""
    plane.kubectl("create", "namespace", namespace, check=False)
    manifest = yaml.safe_load(next(p for p in MANIFESTS if p.stem == "minimal").read_text(encoding="utf-8"))
    name = manifest["metadata"]["name"]
    if "NotFound" in plane.kubectl("get", "ct", "-n", namespace, name, check=False):
        plane.kubectl("create", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(manifest))
    live: dict[str, Any] = json.loads(plane.kubectl("get", "ct", "-n", namespace, name, "-o", "json"))
    return live


def definition(plane: ControlPlane) -> dict[str, Any]:
    """Of ConciergeTenant, as it is in the cluster."""
    found: dict[str, Any] = json.loads(plane.kubectl("get", "crd", "conciergetenants.concierge.hotel", "-o", "json"))
    return found


def test_hotels_outlive_the_chart_and_are_found_again(plane: ControlPlane, release: Helm) -> None:
    release.run("install", "concierge", str(CHART))
    plane.established()
    before = hotel(plane, "outlives")

    release.run("uninstall", "concierge", "--wait")
    between = hotel(plane, "outlives")
    release.run("install", "concierge", str(CHART))

    assert between["metadata"]["uid"] == hotel(plane, "outlives")["metadata"]["uid"] == before["metadata"]["uid"]
    assert definition(plane)["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_uninstalling_takes_everything_but_the_definitions(plane: ControlPlane, release: Helm) -> None:
    release.run("install", "concierge", str(CHART))
    release.run("uninstall", "concierge", "--wait")
    ours = "app.kubernetes.io/part-of=concierge"

    left = plane.kubectl("get", "deploy,svc,sa,pdb,netpol,role,rolebinding", "-n", NAMESPACE, "-l", ours, "-o", "name")
    left += plane.kubectl("get", "clusterrole,clusterrolebinding", "-l", ours, "-o", "name")

    assert left == ""
    assert definition(plane)["metadata"]["name"] == "conciergetenants.concierge.hotel"


def test_who_says_so_takes_the_definitions_too(plane: ControlPlane, release: Helm) -> None:
    said = release.run("install", "concierge", str(CHART), "--set", "crds.keep=false")
    release.run("uninstall", "concierge", "--wait")

    assert "Careful: crds.keep is false" in said
    assert "NotFound" in plane.kubectl("get", "crd", "conciergetenants.concierge.hotel", check=False)


def test_definitions_that_were_applied_by_hand_can_be_taken_over(plane: ControlPlane, release: Helm) -> None:
    plane.apply(tenant_crd(), class_crd())
    plane.established()
    before = hotel(plane, "by-hand")

    refused = release.run("install", "concierge", str(CHART), check=False)
    release.run("install", "concierge", str(CHART), "--take-ownership")

    assert "invalid ownership metadata" in refused
    assert hotel(plane, "by-hand")["metadata"]["uid"] == before["metadata"]["uid"]


def knows_suspend(plane: ControlPlane) -> bool:
    """The definition in the cluster has what the version before lacked."""
    schema = definition(plane)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return "suspend" in schema["properties"]["spec"]["properties"]


def test_an_upgrade_brings_the_definitions_up_to_date_and_leaves_hotels_alone(
    plane: ControlPlane, release: Helm, tmp_path: Path
) -> None:
    release.run("package", str(previous_chart(tmp_path)), "--destination", str(tmp_path))
    release.run("install", "concierge", str(tmp_path / "concierge-0.0.9.tgz"), "--set", "replicas=3")
    plane.established()
    before, lacked = hotel(plane, "upgraded"), not knows_suspend(plane)

    release.run("upgrade", "concierge", str(CHART), "--reset-then-reuse-values")
    after = hotel(plane, "upgraded")
    operator = json.loads(plane.kubectl("get", "deploy", "-n", NAMESPACE, "concierge", "-o", "json"))

    assert lacked
    assert knows_suspend(plane)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"] == before["spec"]
    assert operator["spec"]["replicas"] == 3
    assert operator["spec"]["template"]["spec"]["containers"][0]["image"].endswith(
        yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
    )


def test_a_rollback_keeps_the_hotels_as_well(plane: ControlPlane, release: Helm, tmp_path: Path) -> None:
    release.run("install", "concierge", str(previous_chart(tmp_path)))
    plane.established()
    before = hotel(plane, "rolled-back")
    release.run("upgrade", "concierge", str(CHART))

    release.run("rollback", "concierge", "1")

    assert hotel(plane, "rolled-back")["metadata"]["uid"] == before["metadata"]["uid"]

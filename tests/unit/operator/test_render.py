"""What holds for every tenant, whatever it says: driven through many specs by Hypothesis."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concierge_operator.render import OperatorDefaults, Stage, render
from concierge_operator.render.quantities import mebibytes, millicores
from rendered import MANIFESTS, by_kind, context, pod_templates, property_of, rendered, small_tenant

TWILIO = {
    "accountSid": "AC" + "0" * 32,
    "authTokenSecret": {"name": "twilio", "key": "token"},
    "number": "+49 30 23125 052",
}


def sections() -> st.SearchStrategy[dict[str, Any]]:
    """Specs that use what changes the rendering."""
    secret = {"name": "mine", "key": "value"}
    return st.fixed_dictionaries(
        {},
        optional={
            "profile": st.sampled_from(["dedicated", "compact"]),
            "size": st.sampled_from(["small", "medium", "large"]),
            "host": st.just("house.example"),
            "gateway": st.sampled_from([{"name": "public", "namespace": "gateways"}, {"ingressClass": "nginx"}, {}]),
            "tls": st.sampled_from([{"issuer": {"name": "letsencrypt"}}, {"secretName": "own"}]),
            "voice": st.just({"enabled": True, "twilio": TWILIO}),
            "messaging": st.just({"twilio": TWILIO, "sms": {"enabled": True}}),
            "ai": st.sampled_from([{"provider": "none"}, {"keySecret": secret}]),
            "postgres": st.sampled_from(
                [{}, {"mode": "external", "urlSecret": secret}, {"mode": "cloudnativepg", "instances": 3}]
            ),
            "redis": st.sampled_from([{}, {"mode": "external", "urlSecret": secret}, {"memory": "1Gi"}]),
            "autoscaling": st.sampled_from(
                [{}, {"chat": {"minReplicas": 2, "maxReplicas": 2}}, {"ai": {"minReplicas": 4, "maxReplicas": 9}}]
            ),
            "resources": st.sampled_from([{}, {"chat": {"requests": {"memory": "1Gi", "cpu": "1.5"}}}]),
            "scheduling": st.just({"nodeSelector": {"pool": "hotels"}, "tolerations": [{"operator": "Exists"}]}),
            "image": st.just({"pullSecrets": ["registry"]}),
            "notifications": st.just(
                {
                    "smtp": {"host": "mail.example", "fromAddress": "a@b.example", "port": 2525, "tls": "none"},
                    "webhooks": [{"url": "https://pms.example:8443/hook", "secret": secret}],
                }
            ),
            "backup": st.sampled_from(
                [
                    {"enabled": True, "destination": "s3://bucket/path", "credentialsSecret": "bucket"},
                    {"enabled": True, "destination": "pvc:backups"},
                    {"destination": "pvc:backups"},
                ]
            ),
            "observability": st.just({"otlpEndpoint": "http://collector.monitoring:4318", "sentryDsnSecret": secret}),
            "suspend": st.sampled_from([{"active": True}, {"active": False}]),
        },
    )


ANY_SPEC = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@ANY_SPEC
@given(sections())
def test_the_same_tenant_renders_to_the_same_objects(spec: dict[str, Any]) -> None:
    assert render(context(small_tenant(**spec))).all == render(context(small_tenant(**spec))).all


@ANY_SPEC
@given(sections())
def test_every_object_is_in_the_namespace_and_marked_as_ours(spec: dict[str, Any]) -> None:
    for manifest in render(context(small_tenant(**spec))).all:
        metadata = manifest["metadata"]
        assert metadata["namespace"] == "house"
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "concierge-operator"
        assert metadata["labels"]["concierge.hotel/tenant-uid"]
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", metadata["name"])
        assert all(len(value) <= 63 for value in metadata["labels"].values())


@ANY_SPEC
@given(sections())
def test_no_two_objects_of_a_kind_have_the_same_name(spec: dict[str, Any]) -> None:
    named = [(m["kind"], m["metadata"]["name"]) for m in render(context(small_tenant(**spec))).all]

    assert len(named) == len(set(named))


@ANY_SPEC
@given(sections())
def test_every_pod_fits_pod_security_restricted_and_writes_only_where_it_may(spec: dict[str, Any]) -> None:
    for name, template in pod_templates(render(context(small_tenant(**spec))).all):
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["readOnlyRootFilesystem"] is True, name


@ANY_SPEC
@given(sections())
def test_every_mount_has_its_volume_and_every_volume_its_mount(spec: dict[str, Any]) -> None:
    manifests = render(context(small_tenant(**spec))).all
    claims = {
        f"StatefulSet/{name}": {c["metadata"]["name"] for c in m["spec"]["volumeClaimTemplates"]}
        for name, m in by_kind(manifests, "StatefulSet").items()
    }
    for name, template in pod_templates(manifests):
        pod = template["spec"]
        mounted = {m["name"] for c in pod["containers"] for m in c["volumeMounts"]}
        assert mounted == {v["name"] for v in pod["volumes"]} | claims.get(name, set()), name


@ANY_SPEC
@given(sections())
def test_selectors_pick_the_pods_of_their_own_component_only(spec: dict[str, Any]) -> None:
    manifests = render(context(small_tenant(**spec))).all
    pods = {name: template["metadata"]["labels"] for name, template in pod_templates(manifests)}
    for kind in ("Deployment", "StatefulSet"):
        for name, manifest in by_kind(manifests, kind).items():
            wanted = manifest["spec"]["selector"]["matchLabels"].items()
            picked = {other for other, labels in pods.items() if wanted <= labels.items()}
            assert picked == {f"{kind}/{name}"}


@ANY_SPEC
@given(sections())
def test_what_autoscaling_decides_is_not_said_by_the_deployment(spec: dict[str, Any]) -> None:
    manifests = render(context(small_tenant(**spec))).all
    scaled = by_kind(manifests, "HorizontalPodAutoscaler")
    for name, manifest in by_kind(manifests, "Deployment").items():
        assert ("replicas" in manifest["spec"]) == (name not in scaled), name


@ANY_SPEC
@given(sections())
def test_the_quota_has_room_for_the_largest_size_and_a_rollout(spec: dict[str, Any]) -> None:
    manifests = render(context(small_tenant(**spec))).all
    hard = by_kind(manifests, "ResourceQuota")["concierge"]["spec"]["hard"]
    scaled = {n: m["spec"]["maxReplicas"] for n, m in by_kind(manifests, "HorizontalPodAutoscaler").items()}
    pods = cpu = memory = 0
    for name, template in pod_templates(manifests):
        if name.startswith("Job/"):
            continue
        most = scaled.get(name.split("/")[1], 1) + 1
        asked = template["spec"]["containers"][0]["resources"]
        pods += most
        cpu += most * millicores(asked["requests"]["cpu"])
        memory += most * mebibytes(asked["limits"]["memory"])

    assert pods < int(hard["pods"]), "a Job fits beside them"
    assert cpu < millicores(hard["requests.cpu"])
    assert memory < mebibytes(hard["limits.memory"])


@ANY_SPEC
@given(sections())
def test_who_may_be_spoken_to_may_also_be_reached(spec: dict[str, Any]) -> None:
    """Every opening towards a component of the tenant has its counterpart on the other side."""
    policies = by_kind(render(context(small_tenant(**spec))).all, "NetworkPolicy").values()
    components = {_component(p["spec"]["podSelector"]): p["spec"] for p in policies}
    for name, policy in components.items():
        for rule in policy.get("egress", ()):
            for peer in rule["to"]:
                other = _component(peer.get("podSelector", {}))
                if other is None or name is None:
                    continue
                ports = {p["port"] for p in rule["ports"]}
                assert any(
                    ports <= {p["port"] for p in way_in["ports"]}
                    and name in {_component(f.get("podSelector", {})) for f in way_in["from"]}
                    for way_in in components[other].get("ingress", ())
                ), f"{name} → {other}"


def _component(selector: dict[str, Any]) -> str | None:
    found: str | None = selector.get("matchLabels", {}).get("app.kubernetes.io/component")
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_where_no_namespace_may_reach_a_pod_nobody_may_instead_of_everybody(path: Path) -> None:
    nowhere = OperatorDefaults(gateway_namespaces=(), monitoring_namespaces=())

    for name, policy in by_kind(rendered(path, defaults=nowhere), "NetworkPolicy").items():
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            assert all(rule.get(peers) for rule in policy["spec"].get(direction, ())), name


def test_a_changed_greeting_restarts_the_apps_and_a_changed_article_restarts_nobody() -> None:
    article = {"slug": "pool", "text": {"en": {"question": "Is there a pool?", "answer": "Yes, on the roof."}}}
    plain = small_tenant(knowledge={"articles": [article]})
    greeted = small_tenant(knowledge={"articles": [article]}, chat={"greeting": {"en": "Welcome!"}})
    told = small_tenant(knowledge={"articles": [{**article, "verbatim": True}]})
    pods = dict(pod_templates(render(context(plain)).all))

    assert dict(pod_templates(render(context(greeted)).all)) != pods
    assert dict(pod_templates(render(context(told)).all)) == pods


def test_more_memory_for_one_app_restarts_that_app_alone() -> None:
    before = dict(pod_templates(render(context(small_tenant())).all))
    larger = small_tenant(resources={"ai": {"limits": {"memory": "1Gi"}}})
    after = dict(pod_templates(render(context(larger)).all))

    assert {name for name in before if before[name] != after[name]} == {"Deployment/concierge-ai"}


@pytest.mark.parametrize(
    ("secret", "restarted"),
    [
        ("gemini", {"Deployment/concierge-ai"}),
        ("twilio", {"Deployment/concierge-voice", "Deployment/concierge-worker"}),
        ("hook", {"Deployment/concierge-worker"}),
    ],
)
def test_a_rotated_secret_restarts_exactly_the_pods_that_use_it(secret: str, restarted: set[str]) -> None:
    account = {**TWILIO, "authTokenSecret": {"name": "twilio", "key": "token"}}
    tenant = small_tenant(
        ai={"keySecret": {"name": "gemini", "key": "key"}},
        voice={"enabled": True, "twilio": account},
        notifications={"webhooks": [{"url": "https://pms.example/hook", "secret": {"name": "hook", "key": "key"}}]},
    )
    marks = {"gemini": "1", "twilio": "1", "hook": "1", "concierge-generated": "1"}
    before = dict(pod_templates(render(context(tenant, secret_fingerprints=marks)).all))
    after = dict(pod_templates(render(context(tenant, secret_fingerprints={**marks, secret: "2"})).all))

    assert {name for name in before if before[name] != after[name]} == restarted


def test_a_new_version_is_a_new_migration_and_the_same_version_is_the_same_one() -> None:
    def job(version: str) -> list[str]:
        return list(by_kind(render(context(small_tenant(), version=version)).all, "Job"))

    assert job("1.2.3") == job("1.2.3")
    assert job("1.2.3") != job("1.2.4")


def test_a_closed_house_is_one_chat_pod_that_knows_no_database() -> None:
    tenant = small_tenant(
        suspend={"active": True, "reopensOn": "2027-05-01"}, voice={"enabled": True, "twilio": TWILIO}
    )
    manifests = render(context(tenant)).all
    chat = by_kind(manifests, "Deployment")["concierge-chat"]["spec"]
    variables = {v["name"] for v in chat["template"]["spec"]["containers"][0]["env"]}

    assert list(by_kind(manifests, "Deployment")) == ["concierge-chat"]
    assert chat["replicas"] == 1
    assert chat["template"]["spec"]["containers"][0]["command"][-1] == "--closed"
    assert not variables & {"DATABASE_URL", "REDIS_URL"}
    assert {m["spec"]["replicas"] for m in by_kind(manifests, "StatefulSet").values()} == {0}


def test_a_compact_tenant_has_two_pods_of_its_own_besides_beat() -> None:
    assert set(by_kind(render(context(small_tenant(profile="compact"))).all, "Deployment")) == {
        "concierge-web",
        "concierge-worker",
        "concierge-beat",
    }


@pytest.mark.parametrize("profile", ["dedicated", "compact"])
def test_without_a_host_the_address_that_is_told_is_one_that_answers_in_the_cluster(profile: str) -> None:
    ctx = context(small_tenant(profile=profile))
    name, _, port = ctx.public_url.removeprefix("http://").replace(".house", "").partition(":")

    (served,) = by_kind(render(ctx).all, "Service")[name]["spec"]["ports"]
    assert port == str(served["port"])


@pytest.mark.parametrize("way", [{"name": "public"}, {"ingressClass": "nginx"}])
def test_a_route_carries_the_annotations_that_gateways_and_dns_read(way: dict[str, str]) -> None:
    told = {"external-dns.alpha.kubernetes.io/target": "edge.example", "nginx.org/proxy-read-timeout": "1h"}
    manifests = render(context(small_tenant(host="house.example", gateway={**way, "annotations": told}))).all

    (route,) = [m for m in manifests if m["kind"] in ("HTTPRoute", "Ingress")]
    assert route["metadata"]["annotations"] == told


def test_a_hotels_monitor_carries_the_labels_by_which_a_prometheus_picks_it() -> None:
    picked = OperatorDefaults(pod_monitor_labels={"release": "kube-prometheus-stack"})
    (monitor,) = by_kind(render(context(small_tenant(), defaults=picked)).all, "PodMonitor").values()

    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    assert monitor["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "concierge-operator"


def test_every_app_has_one_service_at_most() -> None:
    for path in MANIFESTS:
        manifests = rendered(path)
        served = [m["spec"]["selector"]["app.kubernetes.io/component"] for m in by_kind(manifests, "Service").values()]

        assert len(served) == len(set(served)), path.name


def test_stages_come_in_order_and_the_migration_is_before_the_apps() -> None:
    stages = render(context(property_of(MANIFESTS[0]))).of

    assert list(stages) == list(Stage)
    assert [m["kind"] for m in stages[Stage.MIGRATION]] == ["Job"]
    assert {m["kind"] for m in stages[Stage.WORKLOADS]} >= {"Deployment", "Service"}

"""What a pod is told and what it finds mounted."""

from __future__ import annotations

from typing import Any

from concierge_operator.render import render
from rendered import ROOT, context, pod_templates, property_of

DATA = ("postgres", "redis")
MANIFEST = ROOT / "manifests" / "strandhaus-ruegen.yaml"


def _containers(**suspend: Any) -> dict[str, dict[str, Any]]:
    tenant = property_of(MANIFEST)
    document = tenant.model_dump(by_alias=True, exclude_unset=True, mode="json")
    document["spec"] |= suspend
    made = render(context(type(tenant).model_validate(document))).all
    named = {kind.partition("-")[2].partition("-")[0]: t["spec"] for kind, t in pod_templates(made)}
    return {name: spec["containers"][0] for name, spec in named.items()}


def _told(container: dict[str, Any]) -> dict[str, Any]:
    return {variable["name"]: variable for variable in container["env"]}


def test_each_config_map_with_articles_is_a_folder_of_its_name() -> None:
    mounts = [m["mountPath"] for m in _containers()["ai"]["volumeMounts"]]

    assert mounts[2:] == [
        "/etc/concierge/knowledge/concierge-articles",
        "/etc/concierge/knowledge/strandhaus-ruegen-stay",
        "/etc/concierge/knowledge/strandhaus-ruegen-table",
        "/etc/concierge/knowledge/strandhaus-ruegen-leisure",
    ]


def test_a_tenants_file_names_no_config_map_since_only_some_pods_have_them() -> None:
    (tenant,) = (
        m["data"]["tenant.yaml"]
        for m in render(context(property_of(MANIFEST))).all
        if m["kind"] == "ConfigMap" and "tenant.yaml" in m["data"]
    )

    assert "strandhaus-ruegen-stay" not in tenant


def test_only_the_migration_learns_the_first_password() -> None:
    told = {name for name, container in _containers().items() if "CONCIERGE_FIRST_PASSWORD" in _told(container)}

    assert told == {"migrate"}


def test_whoever_faces_a_gateway_believes_what_it_says_of_tls_and_guests() -> None:
    told = {name for name, container in _containers().items() if "CONCIERGE_TRUSTED_PROXIES" in _told(container)}

    assert told == {"chat", "admin"}


def test_a_closed_house_knows_no_secret_and_reaches_nobody() -> None:
    chat = _containers(suspend={"active": True})["chat"]

    assert chat["command"][-1] == "--closed"
    assert [v for v in chat["env"] if "valueFrom" in v] == []
    assert _told(chat)["OTEL_SDK_DISABLED"]["value"] == "true"


def test_worker_and_beat_are_ready_only_once_they_have_begun() -> None:
    containers = _containers()

    for name in ("worker", "beat"):
        asked = {"command": [f"concierge-{name}", "--alive"]}
        assert containers[name]["startupProbe"]["exec"] == containers[name]["livenessProbe"]["exec"] == asked


def test_every_process_holds_no_more_connections_than_fit_with_all_others() -> None:
    containers = _containers(postgres={"maxConnections": 80})
    told = {_told(c)["CONCIERGE_DATABASE_POOL_SIZE"]["value"] for n, c in containers.items() if n not in DATA}

    (size,) = map(int, told)
    assert 2 <= size < 10

"""A database of CloudNativePG: what is made of it, who may reach it, and where its log goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.render import OperatorDefaults, render
from rendered import by_kind, context, small_tenant

BUCKET = {"enabled": True, "destination": "s3://hotels/north/", "credentialsSecret": "bucket", "retentionDays": 14}
PLUGIN = frozenset({"ObjectStore.barmancloud.cnpg.io"})


def made(*, offered: frozenset[str] = PLUGIN, **spec: Any) -> list[dict[str, Any]]:
    """What is rendered of a tenant with such a database."""
    plain = {
        "code": "house",
        "name": "House",
        "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
        "timezone": "Europe/Berlin",
    }
    head = {"apiVersion": "concierge.hotel/v1alpha1", "kind": "ConciergeTenant", "metadata": {"name": "house"}}
    whole = {"property": plain, "postgres": {"mode": "cloudnativepg", "instances": 3}, **spec}
    return render(replace(context(ConciergeTenant.model_validate({**head, "spec": whole})), offered=offered)).all


def test_with_the_plugin_the_log_goes_to_the_bucket_beside_the_archives() -> None:
    manifests = made(backup=BUCKET)

    store = by_kind(manifests, "ObjectStore")["concierge-postgres"]["spec"]
    assert store["configuration"]["destinationPath"] == "s3://hotels/north/house"
    assert store["configuration"]["s3Credentials"]["accessKeyId"] == {"name": "bucket", "key": "AWS_ACCESS_KEY_ID"}
    assert store["retentionPolicy"] == "14d"
    plugin = by_kind(manifests, "Cluster")["concierge-postgres"]["spec"]["plugins"][0]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {
        "barmanObjectName": "concierge-postgres",
        "serverName": "concierge-postgres-11111111",
    }
    scheduled = by_kind(manifests, "ScheduledBackup")["concierge-postgres"]["spec"]
    assert (scheduled["schedule"], scheduled["method"]) == ("0 30 3 * * *", "plugin")


def test_the_archive_with_the_keys_is_made_with_and_without_the_plugin() -> None:
    for offered in (PLUGIN, frozenset[str]()):
        assert "concierge-backup" in by_kind(made(backup=BUCKET, offered=offered), "CronJob")


def test_without_the_plugin_or_a_bucket_nothing_is_asked_of_it() -> None:
    onto_a_volume = {"enabled": True, "destination": "pvc:backups"}
    for manifests in (made(backup=BUCKET, offered=frozenset()), made(backup=onto_a_volume), made()):
        assert not by_kind(manifests, "ObjectStore")
        assert not by_kind(manifests, "ScheduledBackup")
        assert "plugins" not in by_kind(manifests, "Cluster")["concierge-postgres"]["spec"]


def test_the_image_comes_from_where_the_chart_says() -> None:
    tenant = small_tenant(postgres={"mode": "cloudnativepg", "version": "17"})
    mirror = OperatorDefaults(cnpg_image="registry.example/cnpg/postgresql")

    spec = by_kind(render(context(tenant, defaults=mirror)).all, "Cluster")["concierge-postgres"]["spec"]
    assert spec["imageName"] == "registry.example/cnpg/postgresql:17"


def test_a_nickname_has_no_seconds() -> None:
    manifests = made(backup={**BUCKET, "schedule": "@daily"})

    assert by_kind(manifests, "ScheduledBackup")["concierge-postgres"]["spec"]["schedule"] == "@daily"


def test_the_default_deny_leaves_the_database_what_it_needs() -> None:
    policy = by_kind(made(backup={**BUCKET, "endpoint": "http://minio.storage:9000"}), "NetworkPolicy")
    spec = policy["concierge-postgres"]["spec"]

    def ports(rules: list[dict[str, Any]]) -> list[set[int]]:
        return [{port["port"] for port in rule["ports"]} for rule in rules]

    assert spec["podSelector"]["matchLabels"] == {"cnpg.io/cluster": "concierge-postgres"}
    assert ports(spec["ingress"]) == [{5432, 8000}, {9187}, {5432}]
    assert ports(spec["egress"]) == [{5432, 8000}, {443, 6443, 9000}]


def test_the_quota_has_room_for_its_instances() -> None:
    def pods(instances: int) -> int:
        manifests = made(postgres={"mode": "cloudnativepg", "instances": instances})
        return int(by_kind(manifests, "ResourceQuota")["concierge"]["spec"]["hard"]["pods"])

    assert pods(3) - pods(1) == 2


def test_a_closed_house_has_a_sleeping_database() -> None:
    manifests = made(backup=BUCKET, suspend={"active": True})

    assert by_kind(manifests, "Cluster")["concierge-postgres"]["metadata"]["annotations"]["cnpg.io/hibernation"] == "on"
    assert by_kind(manifests, "ScheduledBackup")["concierge-postgres"]["spec"]["suspend"] is True

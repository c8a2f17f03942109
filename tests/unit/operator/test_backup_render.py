"""The pods that back a tenant up and bring it back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.render import render
from concierge_operator.render.backup import restore_job, restore_name, snapshot_job
from rendered import by_kind, context

BUCKET = {"enabled": True, "destination": "s3://hotels/north", "credentialsSecret": "bucket"}
EXTERNAL = {"mode": "external", "urlSecret": {"name": "database", "key": "url"}}


def house(backup: dict[str, Any], **spec: Any) -> Any:
    """A tenant with these backups, as it is rendered."""
    plain = {
        "code": "house",
        "name": "House",
        "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
        "timezone": "Europe/Lisbon",
    }
    head = {"apiVersion": "concierge.hotel/v1alpha1", "kind": "ConciergeTenant", "metadata": {"name": "house"}}
    return context(ConciergeTenant.model_validate({**head, "spec": {"property": plain, "backup": backup, **spec}}))


def containers(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every container of the Job's pod, by name and in order."""
    spec = job["spec"].get("jobTemplate", job)["spec"]["template"]["spec"]
    return {container["name"]: container for container in [*spec["initContainers"], *spec["containers"]]}


def cron_job(ctx: Any) -> dict[str, Any]:
    return by_kind(render(ctx).all, "CronJob")["concierge-backup"]


def policy(ctx: Any) -> list[Any]:
    return by_kind(render(ctx).all, "NetworkPolicy")["concierge-backup"]["spec"]["egress"]


def test_backups_are_made_at_the_propertys_own_time_and_one_at_a_time() -> None:
    spec = cron_job(house({**BUCKET, "schedule": "15 4 * * 1"}))["spec"]

    assert (spec["schedule"], spec["timeZone"]) == ("15 4 * * 1", "Europe/Lisbon")
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 7200


def test_a_closed_house_rests() -> None:
    assert cron_job(house(BUCKET, suspend={"active": True}))["spec"]["suspend"] is True


def test_without_backups_nothing_is_made_and_with_a_destination_a_restore_can_be() -> None:
    assert not [m for m in render(house({})).all if m["metadata"]["name"] == "concierge-backup"]

    idle = house({"destination": "pvc:backups"})

    assert not by_kind(render(idle).all, "CronJob")
    assert {m["kind"] for m in render(idle).all if m["metadata"]["name"] == "concierge-backup"} == {
        "ConfigMap",
        "NetworkPolicy",
    }
    assert restore_job(idle, "latest")


def test_the_dump_is_made_with_the_tools_of_the_servers_own_version() -> None:
    steps = containers(cron_job(house(BUCKET, postgres={**EXTERNAL, "version": "16"})))

    assert list(steps) == ["dump", "store"]
    assert steps["dump"]["image"] == "docker.io/library/postgres:16"
    assert steps["store"]["image"] == "ghcr.io/concierge-hotel/concierge:1.2.3"


@pytest.mark.parametrize("mode", [EXTERNAL, {}, {"mode": "cloudnativepg"}])
def test_every_kind_of_database_is_backed_up_the_same_way(mode: dict[str, Any]) -> None:
    steps = containers(cron_job(house(BUCKET, postgres=mode)))

    assert "DATABASE_URL" in {variable["name"] for variable in steps["dump"]["env"]}


def test_every_step_is_as_restricted_as_an_app() -> None:
    ctx = house(BUCKET)
    for job in (cron_job(ctx), snapshot_job(ctx, "final"), restore_job(ctx, "latest")):
        spec = job["spec"].get("jobTemplate", job)["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        for step in containers(job).values():
            assert step["securityContext"]["readOnlyRootFilesystem"] is True
            assert step["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert step["resources"]["limits"]["memory"], "the quota asks for it"


def test_a_snapshot_is_the_same_pod_under_a_name_that_stays() -> None:
    ctx = house(BUCKET)

    assert snapshot_job(ctx, "final")["metadata"]["name"] == "concierge-backup-final"
    assert snapshot_job(ctx, "final") == snapshot_job(ctx, "final")
    assert containers(snapshot_job(ctx, "final")) == containers(cron_job(ctx))


def test_the_same_archive_is_the_same_restore_and_another_is_another() -> None:
    assert restore_name("20260101T000000Z") == restore_name("20260101T000000Z")
    assert restore_name("20260101T000000Z") != restore_name("20260102T000000Z")
    assert list(containers(restore_job(house(BUCKET), "latest"))) == ["fetch", "restore"]
    assert containers(restore_job(house(BUCKET), "latest"))["fetch"]["command"][-1] == "latest"


def test_a_volume_is_mounted_where_archives_are_handled_and_nowhere_else() -> None:
    steps = containers(cron_job(house({"enabled": True, "destination": "pvc:nightly"})))
    mounted = {name: "backups" in {m["name"] for m in step["volumeMounts"]} for name, step in steps.items()}

    assert mounted == {"dump": False, "store": True}
    spec = cron_job(house({"enabled": True, "destination": "pvc:nightly"}))["spec"]["jobTemplate"]["spec"]["template"]
    claims = [v["persistentVolumeClaim"]["claimName"] for v in spec["spec"]["volumes"] if "persistentVolumeClaim" in v]
    assert claims == ["nightly"]


def test_whoever_names_a_secret_for_a_volume_gets_encrypted_archives_or_none() -> None:
    asked = {"enabled": True, "destination": "pvc:nightly", "credentialsSecret": "backup-credentials"}
    (passphrase,) = (
        v for v in containers(cron_job(house(asked)))["store"]["env"] if v["name"] == "CONCIERGE_BACKUP_PASSPHRASE"
    )

    assert passphrase["valueFrom"]["secretKeyRef"] == {"name": "backup-credentials", "key": "encryption-passphrase"}


def test_the_way_to_the_destination_is_open_and_no_other() -> None:
    def ports(backup: dict[str, Any]) -> list[list[int]]:
        return [[port["port"] for port in rule["ports"]] for rule in policy(house(backup))]

    assert ports({"destination": "pvc:nightly"}) == [[5432]]
    assert ports(BUCKET) == [[5432], [443]]
    assert ports({**BUCKET, "endpoint": "http://minio.storage:9000"}) == [[5432], [9000]]


def test_the_endpoint_of_the_yaml_wins_over_that_of_the_secret() -> None:
    own = containers(cron_job(house({**BUCKET, "endpoint": "https://s3.example"})))["store"]["env"]
    secret = containers(cron_job(house(BUCKET)))["store"]["env"]

    assert [v.get("value") for v in own if v["name"] == "AWS_ENDPOINT_URL"] == ["https://s3.example"]
    assert [v["valueFrom"]["secretKeyRef"]["optional"] for v in secret if v["name"] == "AWS_ENDPOINT_URL"] == [True]


def test_the_yaml_in_the_backup_is_the_tenant_and_its_articles_stay_in_their_own_config_map() -> None:
    article = {"slug": "pool", "text": {"en": {"question": "Is there a pool?", "answer": "Yes."}}}
    ctx = house(BUCKET, knowledge={"articles": [article]}, host="house.example")
    document = json.loads(by_kind(render(ctx).all, "ConfigMap")["concierge-backup"]["data"]["tenant.yaml"])

    assert document["metadata"] == {"name": "house", "namespace": "house"}
    assert document["spec"]["host"] == "house.example"
    assert "articles" not in document["spec"]["knowledge"]


def test_a_rotated_credential_restarts_no_app() -> None:
    def pods(fingerprint: str) -> list[Any]:
        ctx = house(BUCKET)
        made = context(ConciergeTenant.model_validate(_document(ctx)), secret_fingerprints={"bucket": fingerprint})
        return render(made).all

    assert pods("1") == pods("2")


def _document(ctx: Any) -> dict[str, Any]:
    spec = ctx.spec.model_dump(by_alias=True, exclude_unset=True, mode="json")
    head = {"apiVersion": "concierge.hotel/v1alpha1", "kind": "ConciergeTenant", "metadata": {"name": "house"}}
    return {**head, "spec": spec}

"""Where a tenant's pods run, from which registry, and with how much memory: the platform engineer's wishes."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator.render import render
from concierge_operator.render.backup import restore_job, snapshot_job
from concierge_operator.render.quantities import mebibytes
from rendered import by_kind, context, pod_templates, small_tenant

PLACED = {
    "nodeSelector": {"pool": "hotels"},
    "tolerations": [{"key": "hotels", "operator": "Exists", "effect": "NoSchedule"}],
    "priorityClassName": "guests",
}
BACKUP = {"enabled": True, "destination": "pvc:backups"}


def all_pods(**spec: Any) -> dict[str, dict[str, Any]]:
    """Name → pod of everything that makes pods, a single backup and a restore among it."""
    ctx = context(small_tenant(backup=BACKUP, **spec))
    jobs = [snapshot_job(ctx, "now"), restore_job(ctx, "latest")]
    return {name: template["spec"] for name, template in pod_templates([*render(ctx).all, *jobs])}


@pytest.mark.parametrize("profile", ["dedicated", "compact"])
def test_every_pod_runs_where_the_tenant_says(profile: str) -> None:
    for name, pod in all_pods(profile=profile, scheduling=PLACED).items():
        assert {key: pod.get(key) for key in PLACED} == PLACED, name


def test_without_a_word_pods_run_anywhere() -> None:
    for name, pod in all_pods().items():
        assert not PLACED.keys() & pod.keys(), name


def test_every_pod_may_fetch_its_image_from_a_private_registry_the_databases_too() -> None:
    for name, pod in all_pods(image={"pullSecrets": ["registry"]}).items():
        assert pod.get("imagePullSecrets") == [{"name": "registry"}], name


def test_pods_are_spread_over_zones_and_nodes() -> None:
    spread = all_pods()["Deployment/concierge-chat"]["topologySpreadConstraints"]

    assert [one["topologyKey"] for one in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


@pytest.mark.parametrize("memory", ["128Mi", "1Gi", "3Gi"])
def test_redis_refuses_to_write_before_its_container_is_killed(memory: str) -> None:
    container = all_pods(redis={"memory": memory})["StatefulSet/concierge-redis"]["containers"][0]

    (told,) = (word for word in container["command"] if "--maxmemory " in word)
    assert f"--maxmemory {mebibytes(memory)}mb" in told
    assert mebibytes(container["resources"]["limits"]["memory"]) >= 1.5 * mebibytes(memory)
    assert mebibytes(container["resources"]["requests"]["memory"]) >= mebibytes(memory) / 2


@pytest.mark.parametrize(("memory", "size"), [("128Mi", "1Gi"), ("256Mi", "1Gi"), ("1Gi", "4Gi"), ("1500Mi", "6Gi")])
def test_redis_volume_has_room_for_its_log_while_that_is_written_anew(memory: str, size: str) -> None:
    manifests = render(context(small_tenant(redis={"memory": memory}))).all
    (claim,) = by_kind(manifests, "StatefulSet")["concierge-redis"]["spec"]["volumeClaimTemplates"]

    assert claim["spec"]["resources"]["requests"]["storage"] == size


@pytest.mark.parametrize(
    ("component", "profile", "pod"),
    [
        ("postgres", "dedicated", "StatefulSet/concierge-postgres"),
        ("redis", "dedicated", "StatefulSet/concierge-redis"),
        ("web", "compact", "Deployment/concierge-web"),
    ],
)
def test_database_redis_and_the_pod_that_apps_share_can_be_sized_as_well(
    component: str, profile: str, pod: str
) -> None:
    asked = {"requests": {"cpu": "2", "memory": "5Gi"}, "limits": {"memory": "6Gi"}}
    found = all_pods(profile=profile, resources={component: asked})[pod]["containers"][0]

    assert found["resources"] == asked


def test_a_database_of_cloudnativepg_is_placed_and_fetched_in_the_same_way() -> None:
    tenant = small_tenant(
        postgres={"mode": "cloudnativepg", "instances": 2}, scheduling=PLACED, image={"pullSecrets": ["registry"]}
    )
    cluster = by_kind(render(context(tenant)).all, "Cluster")["concierge-postgres"]["spec"]

    assert cluster["affinity"] == {key: PLACED[key] for key in ("nodeSelector", "tolerations")}
    assert cluster["priorityClassName"] == "guests"
    assert cluster["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(("instances", "guarded"), [(1, False), (2, True)])
def test_a_single_database_instance_does_not_keep_a_node_from_being_drained(instances: int, guarded: bool) -> None:
    tenant = small_tenant(postgres={"mode": "cloudnativepg", "instances": instances})
    cluster = by_kind(render(context(tenant)).all, "Cluster")["concierge-postgres"]["spec"]

    assert cluster["enablePDB"] is guarded

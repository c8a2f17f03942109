"""What can be wrong with a hotel, side by side: each says what it is, and none of them keeps the operator busy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_plane import ControlPlane
from fault_proxy import FaultProxy, fault_proxy
from hotel import Hotel, tenant_document
from operator_account import signed_in
from running_operator import running_operator

pytestmark = pytest.mark.timeout(240)
WATCHED_SECONDS = 10
PATIENT = {"lease_seconds": 15, "renew_deadline_seconds": 10}
"""On a busy machine; an operator that ends gives its Lease back."""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong: how it comes about, and the condition that tells it."""

    spec: dict[str, Any]
    kind: str
    reason: str
    words: str
    before: Callable[[Hotel], object] = lambda _: None

    def is_told(self, shown: dict[str, Any]) -> bool:
        """The condition tells it whole; of several objects in the same trouble it may name another at first."""
        return shown.get("reason") == self.reason and self.words in shown["message"]


def quota(**hard: str) -> Callable[[Hotel], object]:
    """So much and no more is allowed in the namespace. `count__jobs__batch` is Kubernetes' count/jobs.batch."""
    names = {name: name.replace("count__", "count/").replace("__", ".") for name in hard}
    spec = {"hard": {names[name]: value for name, value in hard.items()}}

    def put(hotel: Hotel) -> None:
        metadata = {"name": "tight", "namespace": hotel.namespace}
        hotel.plane.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})
        # It holds from when the cluster has counted what there is.
        hotel.wait(lambda: (hotel.get("resourcequota", "tight") or {}).get("status", {}).get("hard") == spec["hard"])

    return put


def small(hotel: Hotel) -> dict[str, Any]:
    """No container may have more than next to nothing."""
    spec = {"limits": [{"type": "Container", "max": {"memory": "1Mi"}}]}
    metadata = {"name": "small", "namespace": hotel.namespace}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": spec}


HOST = {"host": "hotel.example"}
NOWHERE = tenant_document()["spec"]["property"] | {"timezone": "Europe/Nowhere"}
TROUBLES = {
    "invalid": Trouble({"property": NOWHERE}, "Stalled", "InvalidSpec", "What runs keeps running."),
    "quota": Trouble({}, "Stalled", "QuotaExceeded", "Raise", quota(count__services="1")),
    "pods-quota": Trouble({}, "Stalled", "QuotaExceeded", "Deployment", quota(pods="3")),
    "no-pods": Trouble({}, "Stalled", "QuotaExceeded", "StatefulSet concierge-postgres", quota(pods="0")),
    "pods-for-data": Trouble({}, "Stalled", "QuotaExceeded", "Job concierge-migrate-", quota(pods="2")),
    "cpu-quota": Trouble({}, "Stalled", "QuotaExceeded", "requests.cpu", quota(requests__cpu="10m")),
    "no-secrets": Trouble({}, "Stalled", "QuotaExceeded", "count/secrets", quota(count__secrets="0")),
    "no-claims": Trouble({}, "Stalled", "QuotaExceeded", "claims", quota(persistentvolumeclaims="0")),
    "no-jobs": Trouble({}, "Stalled", "QuotaExceeded", "Job concierge-migrate-", quota(count__jobs__batch="0")),
    "no-sets": Trouble({}, "Stalled", "QuotaExceeded", "StatefulSet", quota(count__statefulsets__apps="0")),
    "pods-refused": Trouble(
        {},
        "Stalled",
        "PodsRefused",
        "StatefulSet concierge-postgres gets no pod: maximum memory usage",
        lambda hotel: hotel.plane.apply(small(hotel)),
    ),
    "no-class": Trouble(
        {"storage": {"className": "no-such-class"}}, "DatabaseReady", "NoVolume", "storage class no-such-class"
    ),
    "image": Trouble({"version": "1.0.0-unpullable"}, "Stalled", "ImagePullFailed", "can't be fetched"),
    "no-gateway": Trouble(
        {**HOST, "gateway": {"name": "public"}}, "RouteReady", "NoGatewayAnswered", "No gateway controller"
    ),
    "no-ingress": Trouble(
        {**HOST, "gateway": {"ingressClass": "nginx"}}, "RouteReady", "NoAddressYet", "No ingress controller"
    ),
    "taken": Trouble(
        {}, "Stalled", "NameTaken", "ServiceAccount", lambda hotel: hotel.kubectl("create", "sa", "concierge")
    ),
    "secret": Trouble({"ai": {"keySecret": {"name": "gemini", "key": "key"}}}, "Stalled", "SecretMissing", "gemini"),
    "backup": Trouble(
        {"backup": {"enabled": True, "destination": "s3://my-backups/hotels", "credentialsSecret": "bucket"}},
        "BackupHealthy",
        "SecretMissing",
        "no backup can be made",
    ),
    "class": Trouble({"classRef": {"name": "nobody"}}, "Stalled", "ClassNotFound", "nobody"),
}


@dataclass(frozen=True)
class Street:
    """What all of them said, in trouble at the same time, and what the operator wrote of each in a while."""

    shown: dict[str, dict[str, Any]]
    ready: dict[str, bool]
    writes: dict[str, int]
    requests: int


@pytest.fixture(scope="module")
def street(lone_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Street:
    """Built, watched for a while once each has said what is wrong, and taken away."""
    with (
        _gateway_api(lone_plane),
        fault_proxy(lone_plane, tmp_path_factory.mktemp("street")) as proxy,
        running_operator(proxy.kubeconfig, resync_seconds=WATCHED_SECONDS / 4, **PATIENT),
    ):
        hotels = {name: _built(lone_plane, name, trouble) for name, trouble in TROUBLES.items()}
        for name, trouble in TROUBLES.items():
            hotels[name].wait(lambda h=hotels[name], t=trouble: t.is_told(h.condition(t.kind)), 120)
        for name in ("no-gateway", "no-ingress", "backup"):
            hotels[name].is_ready()
        began = time.monotonic()
        written = proxy.writes_during(WATCHED_SECONDS)
        made = Street(
            {name: hotel.condition(TROUBLES[name].kind) for name, hotel in hotels.items()},
            {name: hotel.condition("Ready")["status"] == "True" for name, hotel in hotels.items()},
            {name: sum(one.within(hotel.namespace) for one in written) for name, hotel in hotels.items()},
            proxy.count(lambda one: not one.watch and "/leases" not in one.path, began),
        )
        for hotel in hotels.values():
            hotel.kubectl("delete", "ct", "--all")
        return made


def _built(plane: ControlPlane, name: str, trouble: Trouble) -> Hotel:
    hotel = Hotel(plane, f"trouble-{name}")
    plane.kubectl("create", "namespace", hotel.namespace)
    trouble.before(hotel)
    return hotel.apply(profile="compact", **trouble.spec)


@contextmanager
def _gateway_api(plane: ControlPlane) -> Iterator[None]:
    """The cluster knows HTTPRoutes, and has nobody who looks after them."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"kind": "HTTPRoute", "plural": "httproutes", "singular": "httproute", "listKind": "HTTPRouteList"}
    plane.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": "httproutes.gateway.networking.k8s.io",
                "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
            },
            "spec": {
                "group": "gateway.networking.k8s.io",
                "scope": "Namespaced",
                "names": names,
                "versions": [version | {"schema": {"openAPIV3Schema": anything}}],
            },
        }
    )
    plane.established()
    yield
    plane.kubectl("delete", "crd", "httproutes.gateway.networking.k8s.io")


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_has_its_reason_and_a_sentence_that_helps(street: Street, name: str) -> None:
    trouble = TROUBLES[name]

    shown = street.shown[name]

    print(f"{name}: {shown['reason']}: {shown['message']}")
    assert shown["reason"] == trouble.reason
    assert trouble.words in shown["message"]


@pytest.mark.parametrize("name", [name for name, trouble in TROUBLES.items() if trouble.reason == "QuotaExceeded"])
def test_a_full_quota_is_named_and_what_to_do(street: Street, name: str) -> None:
    message = street.shown[name]["message"]

    assert "exceeded quota: tight" in message
    assert "Raise" in message


def test_what_is_only_a_matter_of_route_or_backup_keeps_no_hotel_from_being_ready(street: Street) -> None:
    assert {name for name, ready in street.ready.items() if ready} == {"no-gateway", "no-ingress", "backup"}


def test_a_hotel_in_trouble_is_not_written_to_again_and_again(street: Street) -> None:
    print(f"in {WATCHED_SECONDS} s: writes {street.writes}, requests {street.requests}")

    # What may pass by itself is tried again in each of the four rounds, and after pauses that grow: a Service that has
    # no room, two StatefulSets.
    assert all(count <= 12 for count in street.writes.values()), street.writes
    assert street.requests < WATCHED_SECONDS * 20


def test_a_cluster_without_gateway_api_is_told_and_what_can_be_done(proxy: FaultProxy, lone_hotel: Hotel) -> None:
    with running_operator(proxy.kubeconfig, **PATIENT):
        lone_hotel.apply(profile="compact", **HOST, gateway={"name": "public"})
        lone_hotel.wait(lambda: lone_hotel.condition("RouteReady").get("reason") == "GatewayApiMissing")
        message = lone_hotel.condition("RouteReady")["message"]
        lone_hotel.is_ready()
        written = proxy.writes_during(6, lone_hotel.namespace)

    assert "spec.gateway.ingressClass" in message
    assert len(written) <= 2


def test_a_last_backup_that_gets_no_pod_says_so_and_nothing_is_erased_before_it(
    proxy: FaultProxy, lone_hotel: Hotel
) -> None:
    kept = {"enabled": True, "destination": "pvc:backups", "schedule": "30 3 * * *"}
    with running_operator(proxy.kubeconfig, **PATIENT):
        lone_hotel.apply(profile="compact", backup=kept, deletionPolicy="Snapshot").is_ready()
        quota(pods="1", count__jobs__batch="0")(lone_hotel)
        lone_hotel.kubectl("delete", "ct", "--all", "--wait=false")
        refused = lone_hotel.stalls("QuotaExceeded")
        quota(pods="1")(lone_hotel)
        message = lone_hotel.wait(lambda: "gets no pod" in (m := lone_hotel.stalls("QuotaExceeded")) and m)
        written = proxy.writes_during(6, lone_hotel.namespace)
        assert lone_hotel.get("secrets", "concierge-generated")

        lone_hotel.kubectl("delete", "resourcequota", "tight")
        lone_hotel.wait(lambda: not any(lone_hotel.list(kind) for kind in ("ct", "secrets", "pvc")), 90)

    assert "Job concierge-backup-final" in refused
    assert "exceeded quota: tight, requested: count/jobs.batch=1" in refused
    assert "Job concierge-backup-final gets no pod: exceeded quota: tight" in message
    assert len(written) <= 2


def test_what_the_operator_may_not_do_is_told_and_not_tried_all_the_time(
    lone_plane: ControlPlane, lone_hotel: Hotel, tmp_path: Path
) -> None:
    restricted = _restricted(lone_plane, tmp_path)
    with fault_proxy(lone_plane, tmp_path) as proxy:
        signed_in(proxy.kubeconfig, restricted, proxy.kubeconfig)
        with running_operator(proxy.kubeconfig, **PATIENT):
            lone_hotel.apply(profile="compact")
            message = lone_hotel.stalls("NotAllowed")
            written = proxy.writes_during(10, lone_hotel.namespace)

    assert "NetworkPolicy" in message
    assert len(written) <= 48, "eight policies, at most six looks in ten seconds: each comes later than the one before"
    with running_operator(lone_plane.kubeconfig, **PATIENT):
        lone_hotel.is_ready()


def _restricted(plane: ControlPlane, folder: Path) -> str:
    """A token that may do everything but make NetworkPolicies."""
    every = {"resources": ["*"], "verbs": ["*"]}
    groups = ["", "apps", "batch", "policy", "autoscaling", "coordination.k8s.io", "concierge.hotel"]
    rules = [
        {"apiGroups": groups, **every},
        {"apiGroups": ["networking.k8s.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
    ]
    rbac, name = "rbac.authorization.k8s.io", "restricted"
    account = {"kind": "ServiceAccount", "name": name, "namespace": "concierge-system"}
    plane.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "concierge-system"}},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "subjects": [account],
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
        },
    )
    return plane.kubectl("create", "token", name, "-n", "concierge-system").strip()


def test_a_namespace_that_is_deleted_takes_its_hotel_along_quietly(proxy: FaultProxy, lone_hotel: Hotel) -> None:
    with running_operator(proxy.kubeconfig, **PATIENT):
        lone_hotel.apply(profile="compact", deletionPolicy="Delete").is_ready()
        lone_hotel.plane.kubectl("delete", "namespace", lone_hotel.namespace, "--timeout=60s")
        written = proxy.writes_during(4, lone_hotel.namespace)

    assert written == []
    assert "NotFound" in lone_hotel.plane.kubectl("get", "namespace", lone_hotel.namespace, check=False)


def test_definitions_that_are_taken_away_and_come_back_find_the_operator_listening(
    lone_plane: ControlPlane, proxy: FaultProxy, lone_hotel: Hotel
) -> None:
    definition = json.loads(lone_plane.kubectl("get", "crd", "conciergetenants.concierge.hotel", "-o", "json"))
    with running_operator(proxy.kubeconfig, watch_silence_seconds=5, **PATIENT):
        lone_hotel.apply(profile="compact").is_ready()
        lone_plane.kubectl("delete", "crd", "conciergetenants.concierge.hotel", "--timeout=60s")
        asked = len(proxy.writes_during(10, lone_hotel.namespace))
        lone_plane.apply({**definition, "metadata": {"name": definition["metadata"]["name"]}, "status": None})
        lone_plane.established()
        document = tenant_document()
        document["metadata"]["name"] = "new"
        lone_hotel.apply(document, profile="compact").is_ready(90)

    assert asked <= 5

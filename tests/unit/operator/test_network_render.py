"""Whom a tenant's pods may reach and who may reach them, asked as a packet would ask."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from concierge_operator.render import OperatorDefaults, render
from rendered import by_kind, context, small_tenant

ROUTE = {"host": "house.example", "gateway": {"name": "public", "namespace": "gateways"}}
SECRET = {"name": "mine", "key": "url"}
V4_INSIDE, V4_OUTSIDE = "10.1.2.3", "93.184.216.34"
V6_INSIDE, V6_OUTSIDE = "fd00::1", "2606:2800:220:1::1"


@dataclass(frozen=True)
class Pod:
    """Somebody on the other side: a namespace, an address, labels."""

    namespace: str = ""
    address: str = V4_INSIDE
    labels: tuple[tuple[str, str], ...] = ()


def policies(*, defaults: OperatorDefaults | None = None, **spec: Any) -> list[dict[str, Any]]:
    """The policies of a tenant with these sections."""
    ctx = context(small_tenant(**spec), **({"defaults": defaults} if defaults else {}))
    return [policy["spec"] for policy in by_kind(render(ctx).all, "NetworkPolicy").values()]


def component(name: str) -> dict[str, str]:
    """Labels of one of the tenant's own pods."""
    return {
        "app.kubernetes.io/name": "concierge",
        "app.kubernetes.io/instance": "house",
        "app.kubernetes.io/component": name,
    }


def may_leave(found: list[dict[str, Any]], app: str, to: Pod, port: int) -> bool:
    """The app may open a connection there."""
    return any(_fits(rule, "to", to, port) for spec in _of(found, component(app)) for rule in spec.get("egress", ()))


def may_enter(found: list[dict[str, Any]], pod: dict[str, str], come: Pod, port: int) -> bool:
    """A connection from there to the pod is let in."""
    return any(_fits(rule, "from", come, port) for spec in _of(found, pod) for rule in spec.get("ingress", ()))


def _of(found: list[dict[str, Any]], labels: dict[str, str]) -> list[dict[str, Any]]:
    picks = [spec for spec in found if spec["podSelector"].get("matchLabels", {}).items() <= labels.items()]
    assert picks, "the default-deny picks every pod"
    return picks


def _fits(rule: dict[str, Any], side: str, other: Pod, port: int) -> bool:
    return port in [p["port"] for p in rule["ports"]] and any(_is(peer, other) for peer in rule[side])


def _is(peer: dict[str, Any], other: Pod) -> bool:
    if "ipBlock" in peer:
        inside = [ip_network(part) for part in peer["ipBlock"].get("except", ())]
        address = ip_address(other.address)
        return address in ip_network(peer["ipBlock"]["cidr"]) and not any(address in part for part in inside)
    space = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    return space == (other.namespace or None) and labels.items() <= dict(other.labels).items()


@pytest.mark.parametrize("app", ["chat", "admin"])
def test_a_gateway_gets_in_from_its_own_namespace_and_from_where_its_proxies_run(app: str) -> None:
    found = policies(**ROUTE)

    for space in ("gateways", "envoy-gateway-system"):
        assert may_enter(found, component(app), Pod(space), 8080), space
    assert not may_enter(found, component(app), Pod("somebody"), 8080)
    assert may_enter(
        policies(host="h.example", gateway={"name": "g", "namespace": "own"}), component(app), Pod("own"), 8080
    )


def test_a_load_balancer_that_is_no_pod_gets_in_where_the_chart_names_its_addresses() -> None:
    balancer = Pod(address="35.191.0.7")
    named = OperatorDefaults(gateway_cidrs=("35.191.0.0/16", "2600:2d00:1:b029::/64"))

    assert not may_enter(policies(**ROUTE), component("chat"), balancer, 8080)
    assert may_enter(policies(**ROUTE, defaults=named), component("chat"), balancer, 8080)
    assert not may_enter(policies(**ROUTE, defaults=named), component("ai"), balancer, 8081)


def test_the_pod_that_proves_the_host_to_a_certificate_authority_is_reached_through_the_gateway() -> None:
    solver = {"acme.cert-manager.io/http01-solver": "true"}
    found = policies(**ROUTE, tls={"issuer": {"name": "letsencrypt"}})

    assert may_enter(found, solver, Pod("envoy-gateway-system"), 8089)
    assert not may_enter(found, solver, Pod("somebody"), 8089)
    assert not may_enter(policies(), solver, Pod("gateways"), 8089)


@pytest.mark.parametrize("address", [V4_OUTSIDE, V6_OUTSIDE])
def test_gemini_is_reached_over_both_kinds_of_addresses_and_nothing_private_is(address: str) -> None:
    found = policies(ai={"keySecret": SECRET})

    assert may_leave(found, "ai", Pod(address=address), 443)
    for private in (V4_INSIDE, "169.254.169.254", V6_INSIDE, "fe80::1"):
        assert not may_leave(found, "ai", Pod(address=private), 443), private
    assert not may_leave(found, "chat", Pod(address=address), 443)


@pytest.mark.parametrize("address", [V4_INSIDE, V4_OUTSIDE, V6_INSIDE, V6_OUTSIDE])
def test_a_database_and_a_redis_of_ones_own_are_reached_wherever_they_are_at_the_port_that_is_named(
    address: str,
) -> None:
    database = {"mode": "external", "urlSecret": SECRET}
    there = Pod(address=address)
    usual = policies(postgres=database, redis=database)
    moved = policies(postgres={**database, "port": 6432}, redis={**database, "port": 6380})

    assert may_leave(usual, "chat", there, 5432)
    assert may_leave(usual, "worker", there, 6379)
    for app in ("chat", "worker", "migration"):
        assert may_leave(moved, app, there, 6432), app
        assert not may_leave(moved, app, there, 5432), app
    assert may_leave(moved, "worker", there, 6380)
    assert not may_leave(moved, "migration", there, 6380)


@pytest.mark.parametrize("address", [V4_INSIDE, V4_OUTSIDE, V6_INSIDE])
def test_a_mail_server_in_the_houses_own_network_is_reached_by_the_worker_alone(address: str) -> None:
    smtp = {"host": "relay.internal", "port": 2525, "fromAddress": "a@b.example", "tls": "none"}
    found = policies(notifications={"smtp": smtp})

    assert may_leave(found, "worker", Pod(address=address), 2525)
    assert not may_leave(found, "chat", Pod(address=address), 2525)


def test_names_are_asked_for_at_the_clusters_dns_and_at_a_cache_on_the_node() -> None:
    found = policies()
    moved = policies(defaults=OperatorDefaults(dns_namespace="openshift-dns", dns_ports=(5353,), dns_cidrs=()))

    for app in ("chat", "postgres"):
        assert may_leave(found, app, Pod("kube-system"), 53)
        assert may_leave(found, app, Pod(address="169.254.20.10"), 53)
        assert not may_leave(found, app, Pod("kube-system"), 6443)
        assert not may_leave(found, app, Pod("somebody"), 53)
        assert may_leave(moved, app, Pod("openshift-dns"), 5353)
        assert not may_leave(moved, app, Pod(address="169.254.20.10"), 53)


def test_a_collector_and_a_bucket_are_reached_at_the_port_of_their_address() -> None:
    found = policies(
        observability={"otlpEndpoint": "http://collector.monitoring:4318"},
        backup={
            "enabled": True,
            "destination": "s3://hotels/north",
            "credentialsSecret": "bucket",
            "endpoint": "http://minio.storage:9000",
        },
    )

    for address in (V4_INSIDE, V6_INSIDE):
        assert may_leave(found, "chat", Pod(address=address), 4318)
        assert may_leave(found, "backup", Pod(address=address), 9000)
    assert not may_leave(found, "chat", Pod(address=V4_INSIDE), 9000)

"""Where the product is tried: a node of our own, or a cluster that the reader has, with the same stand-in gateway."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from control_plane import Cluster
from kubernetes_binaries import binaries
from node import images
from node.forwarding import forwarded
from node.gateway import Gateway
from node.network import NODE
from node.one_node import OneNode, one_node
from node.routes import Backend
from running_house import free_port


@dataclass(frozen=True)
class Site:
    """A cluster, a way in, and what chart and tenants must say here."""

    cluster: Cluster
    gateway: Gateway
    values: dict[str, Any]
    """For helm."""
    spec: dict[str, Any] = field(default_factory=dict)
    """For every tenant."""


def leads(gateway: Gateway, hosts: list[str]) -> str:
    """For Chromium: these names are found at the gateway."""
    return "--host-resolver-rules=" + ",".join(f"MAP {host}:443 {gateway.address}:{gateway.port}" for host in hosts)


@contextmanager
def own_node() -> Iterator[OneNode]:
    """A cluster of one node, with all images, for as long as the block lasts."""
    archives = images.archives(images.POSTGRES, images.REDIS, images.APPS)
    with one_node(images.cache() / "node", pause=images.PAUSE, archives=archives) as running:
        yield running


def site_on(node: OneNode) -> Site:
    """Our own node as a site: the gateway stands in the node's network and reaches Services as pods do."""

    def address_of(backend: Backend) -> str:
        service = node.plane.kubectl("get", "service", backend.service, "-n", backend.namespace, "-o", "json")
        return f"{json.loads(service)['spec']['clusterIP']}:{backend.port}"

    gateway = Gateway(node.plane, node.room.folder / "gateway", NODE, 443, address_of, node.room.enter)
    values = {
        "image": {"repository": images.APPS.repository, "tag": images.APPS.tag},
        "tenants": {
            "version": images.APPS.tag,
            "postgresImage": images.POSTGRES.repository,
            "redisImage": images.REDIS.reference,
        },
    }
    return Site(node.plane, gateway, values, {"postgres": {"version": images.POSTGRES.tag}})


@contextmanager
def given_site(environment: Mapping[str, str]) -> Iterator[Site]:
    """The reader's cluster, with an image that it can pull; Services are reached through `kubectl port-forward`."""
    cluster = Cluster(kubeconfig=Path(environment["CONCIERGE_TEST_KUBECONFIG"]), programs=binaries("kubectl"))
    image, _, tag = environment.get("CONCIERGE_TEST_IMAGE", "").rpartition(":")
    assert image, "CONCIERGE_TEST_IMAGE must name the apps' image and its tag, as your cluster can pull it"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        forwards: dict[Backend, str] = {}

        def address_of(backend: Backend) -> str:
            if backend not in forwards:
                forwards[backend] = stack.enter_context(forwarded(cluster, backend))
            return forwards[backend]

        gateway = Gateway(cluster, folder, "127.0.0.1", free_port(), address_of)
        stack.callback(gateway.stop)
        yield Site(cluster, gateway, {"image": {"repository": image, "tag": tag}, "tenants": {"version": tag}})

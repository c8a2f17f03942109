"""One real node for all tests here, or the reader's cluster. A node needs root (`make test-cluster` says so)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helm import CHART, NAMESPACE, Helm
from kubernetes_binaries import module_files
from node import parts
from node.one_node import OneNode
from node.site import Site, given_site, own_node, site_on

GIVEN = "CONCIERGE_TEST_KUBECONFIG"
_ROUTES = "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"


@pytest.fixture(scope="session")
def node() -> Iterator[OneNode]:
    """The cluster of our own."""
    with own_node() as running:
        yield running


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A cluster with our operator in it, installed as the README says. What was installed is taken away again."""
    if GIVEN in os.environ:
        with given_site(os.environ) as given:
            yield from _with_operator(given, tmp_path_factory.mktemp("helm"))
    else:
        yield from _with_operator(site_on(request.getfixturevalue("node")), tmp_path_factory.mktemp("helm"))


def _with_operator(site: Site, folder: Path) -> Iterator[Site]:
    ended = parts.stopwatch()
    cluster = site.cluster
    if "httproutes" not in cluster.kubectl("api-resources", "--api-group=gateway.networking.k8s.io"):
        cluster.kubectl("apply", "--server-side", "-f", str(module_files("sigs.k8s.io/gateway-api") / _ROUTES))
        cluster.established()
    cluster.kubectl("create", "namespace", NAMESPACE)
    release = Helm(folder, cluster.kubeconfig)
    try:
        cluster.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        values = str(release.written(site.values))
        release.run("install", "concierge", str(CHART), "--values", values, "--wait", "--timeout=180s")
        ended("install the chart")
        yield site
    finally:
        site.gateway.stop()
        release.run("uninstall", "concierge", "--wait", "--ignore-not-found")
        cluster.kubectl("delete", "namespace", NAMESPACE, "--timeout=60s")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How long each part took."""
    for name, seconds in parts.TAKEN:
        terminalreporter.write_line(f"{seconds:7.1f} s  {name}")

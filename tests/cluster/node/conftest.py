"""One real node for all tests here, with the images that they need; needs root (`make test-cluster` says so)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from node import images, parts
from node.one_node import OneNode, one_node

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def node() -> Iterator[OneNode]:
    """The cluster. Its programs and images are made the first time: a quarter of an hour."""
    archives = images.archives(images.POSTGRES, images.REDIS, images.APPS)
    with one_node(images.cache() / "node", pause=images.PAUSE, archives=archives) as running:
        yield running


@pytest.fixture
def space(node: OneNode) -> Iterator[str]:
    """A namespace of the test's own, removed with all that is in it."""
    name = f"bench-{next(_NUMBERS)}"
    node.plane.apply(yaml.safe_load(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}"))
    yield name
    node.plane.kubectl("delete", "namespace", name, "--timeout=60s")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How long each part took."""
    for name, seconds in parts.TAKEN:
        terminalreporter.write_line(f"{seconds:7.1f} s  {name}")

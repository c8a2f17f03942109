"""One real control plane for all tests here; every test brings a namespace of its own."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from concierge_operator.crd import class_crd, tenant_crd
from concierge_simulators.twilio_numbers import TwilioNumbers
from control_plane import ControlPlane, control_plane
from fault_proxy import FaultProxy, fault_proxy
from hotel import Hotel
from in_thread import in_thread
from numbered_house import ACCOUNT, TOKEN
from operator_account import operator_kubeconfig
from played_kubelet import played_kubelet
from running_operator import RunningOperator, running_operator

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A Kubernetes that knows our kinds."""
    with _known(tmp_path_factory.mktemp("kubernetes")) as running:
        yield running


@pytest.fixture(scope="session")
def lone_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Another one, with pods that start, for tests that bring operators of their own: nobody else's is there."""
    with _known(tmp_path_factory.mktemp("lone")) as running, played_kubelet(running):
        yield running


@contextmanager
def _known(folder: Path) -> Iterator[ControlPlane]:
    with control_plane(folder) as running:
        running.apply(tenant_crd(), class_crd(), _namespace("concierge-system"))
        running.established()
        yield running


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _new_namespace(plane: ControlPlane) -> str:
    name = f"hotel-{next(_NUMBERS)}"
    plane.apply(_namespace(name))
    return name


@pytest.fixture
def lone_hotel(lone_plane: ControlPlane) -> Hotel:
    """A namespace for one tenant in the cluster without an operator."""
    return Hotel(lone_plane, _new_namespace(lone_plane))


@pytest.fixture
def proxy(lone_plane: ControlPlane, tmp_path: Path) -> Iterator[FaultProxy]:
    """A way to that cluster which can be troubled."""
    with fault_proxy(lone_plane, tmp_path) as running:
        yield running


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    """A namespace that nobody else uses."""
    return _new_namespace(plane)


@pytest.fixture(scope="session")
def pods(plane: ControlPlane) -> Iterator[None]:
    """Pods start, as if there were a node."""
    with played_kubelet(plane):
        yield


@pytest.fixture(scope="session")
def twilio() -> Iterator[TwilioNumbers]:
    """Twilio's REST API for the numbers of one account."""
    numbers = TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN)
    started = threading.Event()

    async def serve() -> None:
        async with numbers:
            started.set()
            await asyncio.Event().wait()

    with in_thread(serve):
        assert started.wait(10)
        yield numbers


@pytest.fixture(scope="session")
def operator(plane: ControlPlane, pods: None, twilio: TwilioNumbers) -> Iterator[RunningOperator]:
    """An operator that looks after all namespaces, with the rights that the chart gives it and no others."""
    with running_operator(operator_kubeconfig(plane), twilio_base_url=twilio.url) as running:
        yield running


@pytest.fixture
def hotel(plane: ControlPlane, operator: RunningOperator, namespace: str) -> Hotel:
    """A namespace for one tenant, with an operator that looks after it."""
    return Hotel(plane, namespace)


@pytest.fixture
def second_hotel(plane: ControlPlane, operator: RunningOperator) -> Hotel:
    """Another one, in a namespace of its own."""
    return Hotel(plane, _new_namespace(plane))


@pytest.fixture
def concierge(plane: ControlPlane) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line, at this cluster."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "concierge_cli.main", *arguments, "--kubeconfig", str(plane.kubeconfig)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    return call

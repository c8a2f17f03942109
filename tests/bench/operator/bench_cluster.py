"""The cluster that the operator is measured in: a real control plane, nodes that kwok plays, pods that are bound."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import played_workloads
from binder import NODE

from concierge_operator.crd import class_crd, tenant_crd
from control_plane import ControlPlane, control_plane
from kubernetes_binaries import MODULES, tool

SYSTEM = "concierge-system"
_UNHURRIED = (
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
    "--controllers=-horizontal-pod-autoscaler-controller",
)
"""The controllers would hold themselves to 20 requests a second, and be what is measured; without a metrics server the
autoscaler's would only complain."""


@contextmanager
def bench_cluster(folder: Path, *, pods: bool = True) -> Iterator[ControlPlane]:
    """Up for as long as the block lasts, with our kinds. Without `pods` workloads are ready by themselves."""
    with (
        control_plane(folder, controllers=_UNHURRIED if pods else (*_UNHURRIED, *played_workloads.OTHERS)) as plane,
        ExitStack() as stack,
    ):
        plane.apply(tenant_crd(), class_crd(), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        plane.established()
        if pods:
            plane.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
            stack.enter_context(running("kwok", _kwok(plane), folder))
        stack.enter_context(running("played", _part("binder" if pods else "played_workloads", plane), folder))
        yield plane


def _part(name: str, plane: ControlPlane) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name(f"{name}.py")), plane.url, plane.token]


@contextmanager
def running(name: str, command: list[str], folder: Path, env: dict[str, str] | None = None) -> Iterator[int]:
    """A process for as long as the block lasts, its log in the folder; its process id."""
    ours = os.pathsep.join(path for path in sys.path if path)
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": ours, **(env or {})}
        )
        try:
            yield process.pid
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """As a signal would; by force when that is not heard."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kwok(plane: ControlPlane) -> list[str]:
    return [
        str(tool("kwok")), "--kubeconfig", str(plane.kubeconfig), "--manage-all-nodes=true", "--cidr=10.0.0.0/8",
        "--node-lease-duration-seconds=0", "--config", str(MODULES / "kwok" / "stages.yaml"),
    ]  # fmt: skip

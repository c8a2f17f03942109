"""A real cluster of one node on this machine: the control plane and all that a node runs, in one room."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from control_plane import ControlPlane, control_plane
from node import local_volumes, parts
from node.containerd import import_images, start_containerd
from node.dns import start_dns
from node.kubelet import start_kubelet, start_proxy, start_scheduler, wait_until_ready
from node.network import NODE, connect
from node.room import Room, room

_SUPPORT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class OneNode:
    """A running one. Its pods, Services, names and volumes are real; network policies are stored, but not enforced."""

    plane: ControlPlane
    room: Room


@contextmanager
def one_node(folder: Path, *, pause: str, archives: list[Path]) -> Iterator[OneNode]:
    """Up for as long as the block lasts, with these images known; everything lies in `folder`, which is removed."""
    ended = parts.stopwatch()
    with room(folder) as opened:
        connect(opened)
        plane_folder = folder / "plane"
        plane_folder.mkdir()
        with control_plane(plane_folder, address=NODE, enter=opened.enter) as plane:
            ended("start the control plane")
            start_containerd(opened, pause=pause)
            for archive in archives:
                import_images(opened, archive)
            ended("give the images to the node")
            kubelet = start_kubelet(opened, plane)
            for start in (start_proxy, start_scheduler, start_dns, _start_volumes):
                start(opened, plane)
            wait_until_ready(opened, plane, kubelet)
            ended("start the node")
            yield OneNode(plane, opened)
            ended("all tests on the node")
    ended("leave the machine as it was")


def _start_volumes(opened: Room, plane: ControlPlane) -> None:
    plane.apply(local_volumes.STORAGE_CLASS)
    opened.start(
        "local-volumes", "env", f"PYTHONPATH={_SUPPORT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        sys.executable, "-m", "node.local_volumes", plane.kubeconfig, opened.folder / "volumes",
    )  # fmt: skip

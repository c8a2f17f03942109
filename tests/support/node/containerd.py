"""The containers' runtime: Debian's containerd and runc, with everything of theirs in the room."""

from __future__ import annotations

from pathlib import Path

from node.network import pod_network
from node.room import Room

SOCKET = "/run/containerd/containerd.sock"
_CONFIG = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd/state"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Small machines of CI may not lower the score by which the kernel chooses whom to end when memory is short.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{conf}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def start_containerd(room: Room, *, pause: str) -> None:
    """Up and answering. `pause` is the image whose process keeps a pod's namespaces open."""
    plugins, conf = pod_network(room.folder)
    config = room.folder / "containerd.toml"
    config.write_text(
        _CONFIG.format(folder=room.folder, socket=SOCKET, pause=pause, plugins=plugins, conf=conf), encoding="utf-8"
    )
    room.start("containerd", "containerd", "--config", config)
    room.until("containerd does not answer", *_CTR, "version")


def import_images(room: Room, archive: Path) -> None:
    """Make the images of a `docker save` known to the node."""
    room.run(*_CTR, "--namespace", "k8s.io", "images", "import", "--no-unpack", archive)


_CTR = ("ctr", "--address", SOCKET)

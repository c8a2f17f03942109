"""How the room is reached: one pair of virtual cards, and a bridge of the room's own for its pods.

No address of the machine's is used or changed, nor any of its routes but one, to the pair.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from node.room import Room

NODE = "10.200.0.2"
"""The room's address: API server, kubelet, names, gateway."""
_OUTSIDE = "10.200.0.1"
PODS = "10.244.0.0/24"
_OUTSIDE_CARD = "concierge-out"
_NODE_CARD = "node"
_PLUGINS = "/usr/lib/cni"
# Of the room's own network: the machine's stay as they are.
_SETTINGS = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")


def connect(room: Room) -> None:
    """Both ends up. The pair goes when the room does."""
    _outside("ip", "link", "add", _OUTSIDE_CARD, "type", "veth", "peer", "name", _NODE_CARD, "netns", str(room.pid))
    _outside("ip", "addr", "add", f"{_OUTSIDE}/24", "dev", _OUTSIDE_CARD)
    _outside("ip", "link", "set", _OUTSIDE_CARD, "up")
    room.run("ip", "addr", "add", f"{NODE}/24", "dev", _NODE_CARD)
    room.run("ip", "link", "set", _NODE_CARD, "up")
    # Services have addresses that no card has: the route leads them to where kube-proxy's rules see them.
    room.run("ip", "route", "add", "default", "via", _OUTSIDE)
    for setting in _SETTINGS:
        room.run("sh", "-c", f"echo 1 > /proc/sys/{setting}")


def pod_network(folder: Path) -> tuple[str, Path]:
    """Where the plugins are, and the folder with the configuration that tells them about the pods' bridge."""
    conf = folder / "cni"
    conf.mkdir()
    addresses = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {
        "type": "bridge", "bridge": "pods", "isGateway": True, "ipMasq": True, "hairpinMode": True, "ipam": addresses,
    }  # fmt: skip
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    network = {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}
    (conf / "10-pods.conflist").write_text(json.dumps(network))
    return _PLUGINS, conf


def _outside(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"

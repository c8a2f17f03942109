"""Names of Services for the pods: a CoreDNS of the node's own."""

from __future__ import annotations

from control_plane import ControlPlane
from kubernetes_binaries import binaries
from node.network import NODE
from node.room import Room

_ZONES = "cluster.local in-addr.arpa ip6.arpa"
_COREFILE = """\
.:53 {{
    bind {address}
    errors
    ready {address}:8181
    kubernetes {zones} {{
        kubeconfig {kubeconfig}
    }}
}}
"""


def start_dns(room: Room, plane: ControlPlane) -> None:
    """Started; it answers a second later."""
    corefile = room.folder / "Corefile"
    corefile.write_text(_COREFILE.format(address=NODE, zones=_ZONES, kubeconfig=plane.kubeconfig))
    room.start("coredns", binaries("coredns") / "coredns", "-conf", corefile)

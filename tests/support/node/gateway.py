"""A stand-in for a gateway: nginx, configured from the cluster's routes, and the word that it has accepted them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certificates
from control_plane import Cluster
from node.routes import Backend, Listener, nginx, ways

OURS = "test-"
"""How the namespaces begin whose routes it follows: in a cluster of the reader's, other routes are other people's."""
_KINDS = ("httproutes.gateway.networking.k8s.io", "ingresses.networking.k8s.io")


@dataclass
class Gateway:
    """`enter` is put before nginx's command, so that it starts where `address` is."""

    cluster: Cluster
    folder: Path
    address: str
    port: int
    address_of: Callable[[Backend], str]
    enter: Iterable[str] = ()
    _nginx: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def follow(self) -> list[str]:
        """Lead to what the routes of the tests' hotels say at this moment, and say so in their status; the hosts."""
        found = [route for kind in _KINDS for route in self._all(kind)]
        hosts = ways(found)
        at = Listener(self.address, self.port, certificate=self._certificate)
        conf = self.folder / "nginx.conf"
        self.folder.mkdir(parents=True, exist_ok=True)
        conf.write_text(nginx(hosts, at=at, folder=str(self.folder), address_of=self.address_of), encoding="utf-8")
        self._lead()
        for route in found:
            self._accept(route)
        return list(hosts)

    def stop(self) -> None:
        """No host is answered any more."""
        if self._nginx is not None:
            subprocess.run([*self._command, "-s", "stop"], check=True)
            self._nginx.wait(10)
            self._nginx = None

    @property
    def _command(self) -> list[str]:
        return [*self.enter, "nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def _lead(self) -> None:
        if self._nginx is None:
            with (self.folder / "nginx.log").open("wb") as log:
                self._nginx = subprocess.Popen(self._command, stdout=log, stderr=log)
        else:
            subprocess.run([*self._command, "-s", "reload"], check=True)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        said: dict[str, Any] = json.loads(self.cluster.kubectl("get", kind, "--all-namespaces", "-o", "json"))
        return [one for one in said["items"] if one["metadata"]["namespace"].startswith(OURS)]

    def _certificate(self, host: str) -> str:
        folder = self.folder / host
        if not folder.exists():
            folder.mkdir()
            certificates.made_for(folder, host)
        return str(folder / "server.pem")

    def _accept(self, route: dict[str, Any]) -> None:
        status = _accepted(route) if route["kind"] == "HTTPRoute" else _addressed(self.address)
        place, patch = route["metadata"], json.dumps({"status": status})
        self.cluster.kubectl(
            "patch", route["kind"].lower(), place["name"], "-n", place["namespace"],
            "--subresource=status", "--type=merge", "-p", patch,
        )  # fmt: skip


def _accepted(route: dict[str, Any]) -> dict[str, Any]:
    generation = route["metadata"]["generation"]
    conditions = [
        {
            "type": kind, "status": "True", "reason": kind, "message": "", "observedGeneration": generation,
            "lastTransitionTime": route["metadata"]["creationTimestamp"],
        }
        for kind in ("Accepted", "ResolvedRefs")
    ]  # fmt: skip
    parents = route["spec"]["parentRefs"]
    controller = "concierge.hotel/stand-in"
    return {"parents": [{"parentRef": ref, "controllerName": controller, "conditions": conditions} for ref in parents]}


def _addressed(address: str) -> dict[str, Any]:
    return {"loadBalancer": {"ingress": [{"ip": address}]}}

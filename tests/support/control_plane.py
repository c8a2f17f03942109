"""A real Kubernetes API: etcd, kube-apiserver and controller manager on loopback, without root and without nodes."""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubernetes.aio.client import Configuration

from kubernetes_binaries import CONTROL_PLANE, binaries

_READY_SECONDS = 120
_CLUSTER_IPS = "10.96.0.0/16"


@dataclass(frozen=True)
class ControlPlane:
    """A running one. `kubeconfig` is the administrator's."""

    url: str
    token: str
    kubeconfig: Path
    certificate: Path
    programs: Path

    def configuration(self) -> Configuration:
        """The administrator's, for the Python client."""
        made = Configuration(host=self.url, api_key={"BearerToken": self.token})
        made.api_key_prefix = {"BearerToken": "Bearer"}
        made.ssl_ca_cert = str(self.certificate)
        return made

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """What kubectl prints, errors included."""
        done = subprocess.run(
            [str(self.programs / "kubectl"), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def apply(self, *manifests: dict[str, Any], check: bool = True) -> str:
        """Apply as a user would, strictly; what the API server says."""
        text = yaml.safe_dump_all(manifests, allow_unicode=True)
        return self.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text, check=check)


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """Up for as long as the block lasts; everything lies in `folder`."""
    programs = binaries(*CONTROL_PLANE)
    with ExitStack() as stack:
        etcd, port = _free_port(), _free_port()
        _start(stack, folder, "etcd", _etcd(programs, folder, etcd, _free_port()))
        token = secrets.token_hex(16)
        (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        _write_signing_key(folder / "sa.key")
        _start(stack, folder, "kube-apiserver", _apiserver(programs, folder, etcd, port))
        url = f"https://127.0.0.1:{port}"
        _wait_until_ready(url, token)
        kubeconfig = _kubeconfig(folder, url, token)
        _start(stack, folder, "kube-controller-manager", _controllers(programs, folder, kubeconfig))
        plane = ControlPlane(url, token, kubeconfig, folder / "certs" / "apiserver.crt", programs)
        _wait_for(lambda: "default" in plane.kubectl("get", "serviceaccount", "-n", "default", check=False))
        yield plane


def _write_signing_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def _etcd(programs: Path, folder: Path, port: int, peer_port: int) -> list[str]:
    own, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(programs / "etcd"), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level", "error",
        "--listen-client-urls", own, "--advertise-client-urls", own, "--listen-peer-urls", peer,
        "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
    ]  # fmt: skip


def _apiserver(programs: Path, folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        str(programs / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd_port}", f"--secure-port={port}",
        "--bind-address=127.0.0.1", f"--cert-dir={folder / 'certs'}", f"--token-auth-file={folder / 'tokens.csv'}",
        f"--service-account-key-file={folder / 'sa.key'}", f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC",
        f"--service-cluster-ip-range={_CLUSTER_IPS}", "--endpoint-reconciler-type=none", "--profiling=false",
    ]  # fmt: skip


def _controllers(programs: Path, folder: Path, kubeconfig: Path) -> list[str]:
    return [
        str(programs / "kube-controller-manager"), f"--kubeconfig={kubeconfig}", "--leader-elect=false",
        f"--service-account-private-key-file={folder / 'sa.key'}", "--use-service-account-credentials=true",
        f"--cert-dir={folder / 'controller-certs'}", f"--secure-port={_free_port()}", "--bind-address=127.0.0.1",
        # Pods are played where there is no node: nobody must tidy them up for want of one.
        "--controllers=*,-node-lifecycle-controller,-pod-garbage-collector-controller",
    ]  # fmt: skip


def _start(stack: ExitStack, folder: Path, name: str, command: list[str]) -> None:
    log: IO[bytes] = stack.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "KUBECONFIG": ""})
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(url: str, token: str) -> None:
    trusting = ssl._create_unverified_context()  # its certificate was made a second ago, by itself
    request = urllib.request.Request(f"{url}/readyz", headers={"Authorization": f"Bearer {token}"})

    def ready() -> bool:
        try:
            return bool(urllib.request.urlopen(request, context=trusting, timeout=2).status == 200)
        except (urllib.error.URLError, OSError):
            return False

    _wait_for(ready)


def _wait_for(condition: Any) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not condition():
        assert time.monotonic() < end, "the control plane did not come up; see its logs"
        time.sleep(0.2)


def _kubeconfig(folder: Path, url: str, token: str) -> Path:
    cluster = {"server": url, "certificate-authority": str(folder / "certs" / "apiserver.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

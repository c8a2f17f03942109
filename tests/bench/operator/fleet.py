"""1,000 tenants (profile compact, without pods: their workloads are ready by themselves): what a running fleet costs.

One control plane for all of it: memory with none, then all are made; restarts that prove them unchanged; an hour's
worth of resyncs; foreign objects; edits during a resync; a leader that is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bare_client import Bare, at_once
from bench_cluster import bench_cluster
from changes import edits
from failing_over import failovers
from many_tenants import CONFIG_MAPS, Progress, make_namespaces, make_tenants, rendered, tenant, until_ready
from operator_process import OperatorProcess
from quiet import restart, steady

from concierge_operator.kinds import Resource
from control_plane import ControlPlane

COUNT = int(os.environ.get("TENANTS", "1000"))
PROFILE = os.environ.get("PROFILE", "compact")
FOREIGN = 2000
RESTARTS = 3
_SETTLE_SECONDS = 15.0
_BATCH = 100
TITLE = f"{COUNT:,} tenants (profile {PROFILE})"


def measure() -> dict[str, Any]:
    """Everything, in the order of the module's words."""
    found: dict[str, Any] = {"tenants": COUNT, "profile": PROFILE}
    with tempfile.TemporaryDirectory() as name, bench_cluster(Path(name), pods=False) as plane:
        for phase in PHASES:
            found |= measured(phase, plane, Path(name))
    return found


def measured(phase: str, plane: ControlPlane, folder: Path) -> dict[str, Any]:
    """One phase, and the load on the machine before it."""
    load = os.getloadavg()
    found = PHASES[phase](plane, folder)
    print(f"  {phase}: {json.dumps(found)[:600]} (load {load[0]:.1f} → {os.getloadavg()[0]:.1f})", flush=True)
    return {phase: found, f"{phase}_load_average": [load[0], os.getloadavg()[0]]}


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """A line for each goal."""
    memory = {name: raw[f"memory_{name}"]["rss_mib"] for name in ("empty", "full", "foreign")}
    count = raw["tenants"]
    each = (memory["full"] - memory["empty"]) * 1024 / count
    restarts = [one["seconds_until_all_were_looked_at"] for one in raw["restarts"]]
    writes = max(one["writes"] for one in raw["restarts"])
    failing = [one["seconds_until_an_edit_was_applied"] for one in raw["failovers"]]
    return [
        ("restart → all proven unchanged, median", f"{statistics.median(restarts):.1f} s", "≤ 12 s"),
        ("writes of those restarts, the most", f"{writes:.0f}", "0"),
        (f"writes in {raw['steady']['looks']:.0f} looks of resyncs", f"{raw['steady']['writes']:.0f}", "0"),
        ("edit → first apply, median", f"{raw['edits']['p50'] * 1000:.0f} ms", ""),
        (f"edit → first apply, p99 of {len(raw['edits']['seconds'])}", f"{raw['edits']['p99'] * 1000:.0f} ms", "≤ 1 s"),
        ("memory without tenants", f"{memory['empty']:.0f} MiB", "≤ 110 MiB"),
        (f"memory with {count:,} tenants", f"{memory['full']:.0f} MiB", f"≤ {110 + count * 30 / 1024:.0f} MiB"),
        ("memory a tenant", f"{each:.0f} KiB", "≤ 30 KiB"),
        (f"with {FOREIGN:,} foreign ConfigMaps and Deployments", f"{memory['foreign']:.0f} MiB", "the same"),
        (f"a killed leader → an edit is applied, slowest of {len(failing)}", f"{max(failing):.1f} s", "≤ 15 s"),
    ]


def _idle_memory(plane: ControlPlane, folder: Path) -> dict[str, float]:
    """Of a process that has started, looked at everybody once, and does nothing."""
    with OperatorProcess(plane, folder) as operator:
        operator.wait_until("everything was looked at once", 300)
        time.sleep(_SETTLE_SECONDS)
        return operator.memory()


def _make_all(plane: ControlPlane, folder: Path) -> dict[str, float]:
    """In batches, as more hotels come to a running operator; and what its memory is after that."""
    with OperatorProcess(plane, folder) as operator:
        operator.wait_until('"leading"')

        async def create() -> float:
            async with Bare(plane.url, plane.token) as bare:
                await make_namespaces(bare, range(COUNT))
                progress = Progress(len(rendered(tenant(0, PROFILE), "x")))
                began = time.monotonic()
                for first in range(0, COUNT, _BATCH):
                    await make_tenants(bare, range(first, min(COUNT, first + _BATCH)), PROFILE)
                    await until_ready(bare, min(COUNT, first + _BATCH), progress)
                return time.monotonic() - began

        seconds = asyncio.run(create())
        time.sleep(_SETTLE_SECONDS)
        return {"seconds": seconds, "tenants_per_second": COUNT / seconds, **operator.memory()}


def _memory_with_foreign(plane: ControlPlane, folder: Path) -> dict[str, float]:
    asyncio.run(_make_foreign(plane))
    return _idle_memory(plane, folder)


async def _make_foreign(plane: ControlPlane) -> None:
    """What others have in their own namespaces, without our labels."""
    deployments = Resource("apps", "v1", "Deployment", "deployments")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    config, app = {"kind": "ConfigMap", "data": {"facts": "x" * 4096}}, {"kind": "Deployment", "spec": spec}
    async with Bare(plane.url, plane.token) as bare:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "others"}}
        await bare.ask("POST", "/api/v1/namespaces", namespace)
        deeds = [
            lambda kind=kind, body=body, n=n: bare.ask(
                "POST", kind.path("others"), {"apiVersion": kind.api_version, **body, "metadata": {"name": f"x-{n}"}}
            )
            for n in range(FOREIGN)
            for kind, body in ((CONFIG_MAPS, config), (deployments, app))
        ]
        await at_once(deeds)


PHASES: dict[str, Callable[[ControlPlane, Path], Any]] = {
    "memory_empty": _idle_memory,
    "made": _make_all,
    "restarts": lambda plane, folder: [restart(plane, folder) for _ in range(RESTARTS)],
    "memory_full": _idle_memory,
    "steady": lambda plane, folder: steady(plane, folder, COUNT),
    "edits": lambda plane, folder: edits(plane, folder, COUNT),
    "failovers": failovers,
    "memory_foreign": _memory_with_foreign,
}

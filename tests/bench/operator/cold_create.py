"""Many new hotels at once (TENANTS, else 200); and a bare client applies the very same objects to a new cluster.

With PODS=no workloads are ready by themselves: what is measured then is the operator and the API server, and not the
controllers, the nodes and the pods that share the machine with them.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bare_client import AT_ONCE, Bare, at_once
from bench_cluster import bench_cluster
from many_tenants import (
    BEFORE_THE_GATE,
    CONFIG_MAPS,
    Progress,
    make_namespaces,
    make_tenants,
    rendered,
    tenant,
    until_ready,
)
from operator_process import OperatorProcess

from concierge_operator import names
from concierge_operator.kinds import resource_of
from concierge_operator.plan import Owner, owned_by
from processes import cpu_seconds

COUNT = int(os.environ.get("TENANTS", "200"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PROFILE = os.environ.get("PROFILE", "dedicated")
PODS = os.environ.get("PODS", "yes") != "no"
TITLE = (
    f"Cold create of {COUNT} tenants (profile {PROFILE}, {'with' if PODS else 'without'} pods), "
    "against a bare client that applies the same objects"
)


def measure() -> dict[str, Any]:
    """Rounds of both, each on a control plane of its own, in turn."""
    rounds = [_round(number) for number in range(ROUNDS)]
    return {"tenants": COUNT, "profile": PROFILE, "pods": PODS, "requests_at_once": AT_ONCE, "rounds": rounds}


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Medians of the rounds."""
    ours = {name: _median(raw, "operator", name) for name in raw["rounds"][0]["operator"]}
    whole, ungated = (_ratio(raw, name) for name in ("objects_per_second", "objects_per_second_before_the_gate"))
    return [
        ("tenants/s until the first stages are applied", f"{ours['tenants_per_second_begun']:.1f}", ""),
        ("tenants/s until everything is applied", f"{ours['tenants_per_second_applied']:.1f}", "≥ 4"),
        ("tenants/s until Ready", f"{ours['tenants_per_second_ready']:.1f}", "≥ 4"),
        ("objects applied/s, the operator", f"{ours['objects_per_second']:.0f}", ""),
        ("objects applied/s, the bare client", f"{_median(raw, 'bare', 'objects_per_second'):.0f}", ""),
        ("ratio, median of the rounds", f"{whole:.2f}", "≥ 0.6"),
        ("the same up to the migration's gate", f"{ungated:.2f}", "≥ 0.6"),
    ]


def _ratio(raw: dict[str, Any], name: str) -> float:
    return statistics.median(one["operator"][name] / one["bare"]["objects_per_second"] for one in raw["rounds"])


def _median(raw: dict[str, Any], who: str, name: str) -> float:
    return statistics.median(one[who][name] for one in raw["rounds"])


def _round(number: int) -> dict[str, Any]:
    order = (("operator", _operator), ("bare", _bare))
    load = os.getloadavg()
    found = {}
    for name, part in order if number % 2 == 0 else reversed(order):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = part(Path(folder))
        print(f"  round {number}, {name}: {json.dumps(found[name])}", flush=True)
    return {"load_average_before": load, **found}


def _operator(folder: Path) -> dict[str, float]:
    with bench_cluster(folder, pods=PODS) as plane, OperatorProcess(plane, folder) as operator:
        operator.wait_until('"leading"')
        expected = len(rendered(tenant(0, PROFILE), "x"))
        ungated = len(rendered(tenant(0, PROFILE), "x", BEFORE_THE_GATE))

        async def create() -> tuple[float, Progress]:
            async with Bare(plane.url, plane.token) as bare:
                await make_namespaces(bare, range(COUNT))
                progress = Progress(expected)
                watching = asyncio.create_task(until_ready(bare, COUNT, progress))
                began = time.monotonic()
                await make_tenants(bare, range(COUNT), PROFILE)
                await watching
                return began, progress

        began, progress = asyncio.run(create())
        after = {name: max(at.values()) - began for name, at in vars(progress).items() if isinstance(at, dict)}
        return {
            **{f"seconds_until_{name}": seconds for name, seconds in after.items()},
            **{f"tenants_per_second_{name}": COUNT / seconds for name, seconds in after.items()},
            "objects": expected * COUNT,
            "objects_per_second": expected * COUNT / after["applied"],
            "objects_before_the_gate": ungated * COUNT,
            "objects_per_second_before_the_gate": ungated * COUNT / after["begun"],
            **operator.memory(),
            "requests": _requests(operator),
        }


def _requests(operator: OperatorProcess) -> float:
    return sum(v for k, v in operator.metrics().items() if k.startswith("concierge_cluster_requests_total"))


def _bare(folder: Path) -> dict[str, float]:
    """Owned by a ConfigMap of the same namespace, since no tenant is there: else they would be tidied up as orphans."""
    with bench_cluster(folder, pods=PODS) as plane:

        async def apply() -> dict[str, float]:
            async with Bare(plane.url, plane.token) as bare:
                await make_namespaces(bare, range(COUNT))
                objects = [one for number in range(COUNT) for one in await _objects(bare, number)]
                began, cpu = time.monotonic(), cpu_seconds(os.getpid())
                deeds = [lambda one=one: bare.apply(resource_of(one), one, names.FIELD_MANAGER) for one in objects]
                await at_once(deeds)
                seconds = time.monotonic() - began
                return {
                    "objects": len(objects),
                    "seconds": seconds,
                    "objects_per_second": len(objects) / seconds,
                    "cpu_seconds": cpu_seconds(os.getpid()) - cpu,
                }

        return asyncio.run(apply())


async def _objects(bare: Bare, number: int) -> list[dict[str, Any]]:
    document = tenant(number, PROFILE)
    namespace = document["metadata"]["namespace"]
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}
    owner = await bare.ask("POST", CONFIG_MAPS.path(namespace), body)
    uid = owner["metadata"]["uid"]
    return [owned_by(Owner("owner", uid), one, "v1", "ConfigMap") for one in rendered(document, uid)]

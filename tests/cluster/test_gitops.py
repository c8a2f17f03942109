"""docs/gitops.md keeps its word: its Lua, run as Argo CD runs it; its CEL, by the evaluator of Flux's controllers."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernetes_binaries import tool
from rendered import ROOT

PAGE = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
KINDS = ("ConciergeTenant", "ConciergeClass")


def conditions(generation: int = 3, **said: str) -> list[dict[str, Any]]:
    """Type → "status reason message", as the operator writes them."""
    made = []
    for kind, words in said.items():
        status, reason, message = (*words.split(" ", 2), "", "")[:3]
        made.append(
            {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": generation}
        )
    return made


WELL = conditions(Ready="True Ready Guests are answered.", Reconciling="False Idle", Stalled="False NothingInTheWay")
ON_ITS_WAY = conditions(
    Ready="False RollingOut concierge-chat: 1 of 2 pods are of the new version.",
    Reconciling="True RollingOut",
    Stalled="False NothingInTheWay",
)
STALLED = conditions(
    Ready="False JobFailed The migration failed.",
    Reconciling="False Idle",
    Stalled="True JobFailed The migration failed.",
)
CLOSED = conditions(
    Ready="True Suspended The house is closed for the season.",
    Reconciling="False Idle",
    Stalled="False NothingInTheWay",
    Suspended="True AsAsked Only the page of a closed house runs.",
)
# What is so → status, what Argo CD says and shows of it, what Flux says.
STATUSES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "well": (
        {"observedGeneration": 3, "conditions": WELL},
        "Healthy",
        "Ready: Guests are answered.",
        "Current",
    ),
    "rolling out": (
        {"observedGeneration": 3, "conditions": ON_ITS_WAY},
        "Progressing",
        "RollingOut: concierge-chat: 1 of 2 pods are of the new version.",
        "InProgress",
    ),
    "stalled": (
        {"observedGeneration": 3, "conditions": STALLED},
        "Degraded",
        "JobFailed: The migration failed.",
        "Failed",
    ),
    "stalled before the newest spec was acted on": (
        {"observedGeneration": 2, "conditions": STALLED},
        "Degraded",
        "JobFailed: The migration failed.",
        "InProgress",
    ),
    "changed a moment ago, and the operator has not looked yet": (
        {"observedGeneration": 2, "conditions": [{**one, "observedGeneration": 2} for one in WELL]},
        "Progressing",
        "Waiting for the operator to look at it.",
        "InProgress",
    ),
    "broken before, changed a moment ago": (
        {"observedGeneration": 2, "conditions": [{**one, "observedGeneration": 2} for one in STALLED]},
        "Progressing",
        "Waiting for the operator to look at it.",
        "InProgress",
    ),
    "closed for the season": (
        {"observedGeneration": 3, "conditions": CLOSED},
        "Suspended",
        "Suspended: The house is closed for the season.",
        "Current",
    ),
    "seen, without a word yet": (
        {"observedGeneration": 3},
        "Progressing",
        "Waiting for the operator to look at it.",
        "InProgress",
    ),
}


def live(kind: str, status: dict[str, Any] | None) -> dict[str, Any]:
    """An object of this kind and status, whose spec is of the third generation."""
    metadata = {"name": "house", "namespace": "hotel", "generation": 3}
    made = {"apiVersion": "concierge.hotel/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}}
    return made if status is None else {**made, "status": status}


def as_lua(value: Any) -> str:
    """A JSON value as Lua writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{json.dumps(key)}] = {as_lua(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(as_lua, value)) + "}"
    return json.dumps(value, ensure_ascii=False)


def in_argo(document: dict[str, Any], folder: Path) -> tuple[str, str]:
    """Status and message that the page's Lua gives."""
    (script,) = re.findall(r"```lua\n(.*?)```", PAGE, re.DOTALL)
    path = folder / "health.lua"
    ask = "local hs = health_of()\nprint(hs.status)\nprint(hs.message)\n"
    path.write_text(f"obj = {as_lua(document)}\nfunction health_of()\n{script}\nend\n{ask}", encoding="utf-8")
    done = subprocess.run([str(tool("glua")), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    status, message = done.stdout.splitlines()
    return status, message


def in_flux(document: dict[str, Any]) -> str:
    """What Flux makes of the page's expressions."""
    (kustomization,) = (
        page for page in map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)) if "spec" in page
    )
    (checks,) = (one for one in kustomization["spec"]["healthCheckExprs"] if one["kind"] == document["kind"])
    done = subprocess.run(
        [str(tool("flux-health"))],
        input=json.dumps({"checks": checks, "object": document}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("so", STATUSES)
def test_argo_cd_sees_it_as_it_is(tmp_path: Path, so: str, kind: str) -> None:
    status, health, message, _ = STATUSES[so]

    assert in_argo(live(kind, status), tmp_path) == (health, message)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("so", STATUSES)
def test_flux_sees_it_as_it_is(so: str, kind: str) -> None:
    status, _, _, health = STATUSES[so]

    assert in_flux(live(kind, status)) == health


def test_argo_cd_waits_for_a_tenant_that_nobody_has_looked_at(tmp_path: Path) -> None:
    assert in_argo(live("ConciergeTenant", None), tmp_path)[0] == "Progressing"

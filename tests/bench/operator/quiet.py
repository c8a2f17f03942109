"""Nothing changed: how soon an operator knows that after its start, and that it writes nothing, then and later."""

from __future__ import annotations

import re
import ssl
import time
import urllib.request
from pathlib import Path
from typing import Any

from operator_process import OperatorProcess

from control_plane import ControlPlane

_RESYNC_SECONDS = 45.0
"""Instead of 45 minutes."""
_ROUNDS_AN_HOUR = 4 / 3
_AT_MOST_SECONDS = 300.0
_COUNTED = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_CHANGING = frozenset({"APPLY", "PATCH", "POST", "PUT", "DELETE", "DELETECOLLECTION"})
_OF_OTHERS = frozenset({"leases", "nodes", "events"})
"""Leases are how leaders are told; nodes and Events are kwok's and the controllers'."""


def restart(plane: ControlPlane, folder: Path) -> dict[str, Any]:
    """From the process's start; it has to take the Lease, which the one before gave back."""
    before = server_writes(plane)
    with OperatorProcess(plane, folder) as operator:
        operator.wait_until('"leading"')
        led = time.monotonic() - operator.began
        seconds = operator.wait_until("everything was looked at once", 300)
        told = operator.told("everything was looked at once") or {}
        memory = operator.memory()
        return {
            "seconds_until_leading": led,
            "seconds_until_all_were_looked_at": seconds,
            "looked_at": told.get("looks"),
            **_writes(operator, plane, before),
            **memory,
        }


def steady(plane: ControlPlane, folder: Path, count: int) -> dict[str, Any]:
    """As many looks as an hour brings to so many tenants, in a minute or somewhat more."""
    with OperatorProcess(plane, folder, resync_seconds=_RESYNC_SECONDS) as operator:
        operator.wait_until("everything was looked at once", 300)
        before, looks, cpu = server_writes(plane), _looks(operator), operator.memory()["cpu_seconds"]
        own = sum(operator.writes().values())
        end = time.monotonic() + _AT_MOST_SECONDS
        while _looks(operator) - looks < count * _ROUNDS_AN_HOUR and time.monotonic() < end:
            time.sleep(3)
        after = _writes(operator, plane, before)
        return {
            "looks": _looks(operator) - looks,
            **after,
            "lease_renewals_and_other_writes_by_its_own_count": sum(operator.writes().values()) - own,
            "cpu_seconds": operator.memory()["cpu_seconds"] - cpu,
        }


def server_writes(plane: ControlPlane) -> dict[str, float]:
    """Changing requests that the API server has answered so far, by verb and resource; from everybody."""
    context = ssl._create_unverified_context()
    request = urllib.request.Request(f"{plane.url}/metrics", headers={"Authorization": f"Bearer {plane.token}"})
    text = urllib.request.urlopen(request, context=context, timeout=30).read().decode()
    found: dict[str, float] = {}
    for labels, value in _COUNTED.findall(text):
        said = dict(_LABEL.findall(labels))
        if said["verb"] in _CHANGING and said["resource"] not in _OF_OTHERS:
            key = f"{said['verb']} {said['resource']}/{said['subresource']} {said['code']}"
            found[key] = found.get(key, 0) + float(value)
    return found


def _writes(operator: OperatorProcess, plane: ControlPlane, before: dict[str, float]) -> dict[str, Any]:
    """`writes` is what the server counted, from everybody, Leases and kwok's node aside."""
    now = server_writes(plane)
    grown = {key: value - before.get(key, 0) for key, value in now.items() if value > before.get(key, 0)}
    return {"writes": sum(grown.values()), "writes_by_verb": grown, "own_writes_by_verb": operator.writes()}


def _looks(operator: OperatorProcess) -> float:
    return sum(value for name, value in operator.metrics().items() if name.startswith("concierge_reconcile_total"))

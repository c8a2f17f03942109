"""What watching 5,000 children costs: Kopf's `on.event` against our own Watch, each in a process of its own.

A server on loopback answers the list in pages and then a watch that says nothing, so only the watching side is
measured: seconds of processor and resident memory until everything is known, and for a thousand events after that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from listed_children import CHANGES, CHILDREN, serve_children

TITLE = f"Watching {CHILDREN:,} Deployments of ours: Kopf's on.event against our own Watch"
_WATCHER = str(Path(__file__).parent / "one_watcher.py")


def measure() -> dict[str, Any]:
    """Both in turn; `nothing` is a process that has imported the same and watches nothing."""
    return {"children": CHILDREN, "changes": CHANGES, **{how: _measured(how) for how in ("nothing", "kopf", "ours")}}


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Per object and per event."""
    return [row for how in ("kopf", "ours") for row in _rows(how, raw)]


def _measured(how: str) -> dict[str, float]:
    with serve_children() as url:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, _WATCHER, how, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {how}: {found}", flush=True)
    return found


def _rows(how: str, raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    kib = (raw[how]["rss_mib"] - raw["nothing"]["rss_mib"]) * 1024 / raw["children"]
    listed = raw[how]["listed_cpu_seconds"] * 1e6 / raw["children"]
    changed = raw[how]["changed_cpu_seconds"] * 1e6 / raw["changes"]
    return [
        (f"{how}: memory per object", f"{kib:.1f} KiB", ""),
        (f"{how}: processor per object listed", f"{listed:.0f} µs", ""),
        (f"{how}: processor per event", f"{changed:.0f} µs", ""),
    ]

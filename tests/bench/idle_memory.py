"""Idle memory of everything that `make up` starts."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from processes import family, resident_mb
from running_house import ROOT, start_house

TITLE = "Idle memory of everything that make up starts"
SETTLE_SECONDS = 20


def measure() -> dict[str, Any]:
    """Resident memory (and the share that is really ours: PSS) of each process after it has settled."""
    with tempfile.TemporaryDirectory() as folder:
        house = start_house(Path(folder), [ROOT / "manifests" / "strandhaus-ruegen.yaml"], Path(folder) / "data", {})
        time.sleep(SETTLE_SECONDS)
        parts = [{"command": p.command, **resident_mb(p.pid)} for p in family(house.process.pid)]
        house.stop()
    return {"parts": parts, "rss_mb": sum(p["rss_mb"] for p in parts), "pss_mb": sum(p["pss_mb"] for p in parts)}


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each process, then the sum."""
    each = [(p["command"], f"{p['rss_mb']:.0f} MB", "") for p in raw["parts"]]
    total = ("all together, resident (shared pages counted each time)", f"{raw['rss_mb']:.0f} MB", "≤ 450 MB")
    return [*each, total, ("all together, proportional", f"{raw['pss_mb']:.0f} MB", "")]

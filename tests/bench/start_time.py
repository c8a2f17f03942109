"""From `concierge up` to a property that answers: the first start, and later ones."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from running_house import ROOT, start_house

TITLE = "From concierge up to a property that answers (packages installed)"
LATER_STARTS = 3


def measure() -> dict[str, Any]:
    """Seconds until /readyz answers."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_start(Path(folder)) for _ in range(1 + LATER_STARTS)]
    return {"first_seconds": seconds[0], "later_seconds": seconds[1:]}


def _start(folder: Path) -> float:
    began = time.monotonic()
    house = start_house(folder, [ROOT / "manifests" / "strandhaus-ruegen.yaml"], folder / "data", {})
    took = time.monotonic() - began
    house.stop()
    return took


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """First and later."""
    return [
        ("first start", f"{raw['first_seconds']:.1f} s", "≤ 60 s"),
        ("later starts, median", f"{statistics.median(raw['later_seconds']):.1f} s", "≤ 5 s"),
    ]

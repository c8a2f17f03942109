"""`make bench`: run the benchmarks, print a table each, keep the raw numbers in tests/bench/results/.

Each benchmark is a module beside this one with `TITLE`, `measure() -> dict` (raw numbers) and
`rows(raw) -> list[tuple[str, str, str]]` (what, figure, target). Name some to run only those.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
BENCHMARKS = ("idle_memory", "start_time", "durable_acks", "sockets", "first_sentence")


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    for name in names or BENCHMARKS:
        module = import_module(name)
        print(f"\n{module.TITLE}", flush=True)
        raw = {"machine": _machine(), **module.measure()}
        (HERE / "results" / f"{name}.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
        for what, figure, target in module.rows(raw):
            print(f"  {what:<58} {figure:>16}   {target}", flush=True)


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


if __name__ == "__main__":
    main(sys.argv[1:])

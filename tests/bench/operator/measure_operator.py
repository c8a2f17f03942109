"""`make bench-operator`: run the operator's benchmarks, print a table each, keep raw numbers in tests/bench/results/.

Each benchmark is a module beside this one, made as those of `make bench` are. Name some to run only those. They take
minutes each, on a control plane of their own; other work on the machine shows in the figures, so each says the load.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "support")]
BENCHMARKS = ("watches", "cold_create", "fleet")


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all."""
    from run import _machine

    for name in wanted or BENCHMARKS:
        module = import_module(name)
        print(f"\n{module.TITLE}", flush=True)
        raw = {"machine": {**_machine(), "load_average_before": os.getloadavg()}, **module.measure()}
        raw["machine"]["load_average_after"] = os.getloadavg()
        file = HERE.parent / "results" / f"operator_{name}.json"
        file.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
        for what, figure, target in module.rows(raw):
            print(f"  {what:<66} {figure:>12}   {target}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

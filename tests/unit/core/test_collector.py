"""What is loaded is set aside from the garbage collector, in processes that serve only."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_process_that_serves_sets_aside_what_it_has_loaded_and_what_it_loads_later() -> None:
    told = _run("collector.begin_to_serve(); first = gc.get_freeze_count()", "collector.set_aside()")

    assert 0 < told["first"] < told["in_the_end"]


def test_a_process_that_does_not_serve_sets_nothing_aside() -> None:
    told = _run("first = gc.get_freeze_count()", "collector.set_aside()")

    assert told == {"first": 0, "in_the_end": 0}


def _run(begin: str, later: str) -> dict[str, int]:
    """In a process of its own: what is set aside stays so."""
    code = f"""
import gc, json
from concierge_core import collector
{begin}
loaded = [[n] for n in range(1000)]
{later}
print(json.dumps({{"first": first, "in_the_end": gc.get_freeze_count()}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found

"""The garbage collector of a process that serves guests: no pause that they could notice.

A full collection looks at every object there is. With the model's libraries loaded that takes 100 ms and more, in which
nobody is served. What is loaded at the start lives as long as the process, so it is set aside for good; and a full
collection, which then looks at guests' connections and turns alone, comes ten times more rarely.
"""

from __future__ import annotations

import gc

_FULL_AFTER = 100
"""Middle collections between two full ones (Python's own: 10). What waits longer to be found are the rings of objects
that the model's libraries leave behind: with ten turns a second some megabytes."""

_serving = False


def begin_to_serve() -> None:
    """Call once per process, when everything is imported and wired."""
    global _serving
    _serving = True
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _FULL_AFTER)
    set_aside()


def set_aside() -> None:
    """Never look again at what is alive now: call it after loading something that stays.

    Does nothing in a process that has not begun to serve: tests load and drop many houses in one process.
    """
    if _serving:
        gc.freeze()

"""The garbage collector of a process that serves guests: no pause that they could notice.

A full collection looks at every object there is. With the model's libraries loaded that takes 100 ms and more, in which
nobody is served. What is loaded at the start lives as long as the process, so it is set aside for good, and a full
collection has little left to look at.
"""

from __future__ import annotations

import gc

_serving = False


def begin_to_serve() -> None:
    """Call once per process, when everything is imported and wired."""
    global _serving
    _serving = True
    set_aside()


def set_aside() -> None:
    """Never look again at what is alive now: call it after loading something that stays.

    Does nothing in a process that has not begun to serve: tests load and drop many houses in one process.
    """
    if _serving:
        gc.freeze()

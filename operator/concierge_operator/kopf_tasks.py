"""Ends what Kopf leaves behind: when one of its watches fails, the others go on, and one cancellation may be lost."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import kopf
import structlog

_KOPF = str(Path(kopf.__file__).parent) + os.sep
_TRIES = 10
_PAUSE_SECONDS = 0.5

_log = structlog.get_logger(__name__)


async def end_kopfs_tasks() -> None:
    """Cancel every task of Kopf's in this loop, again where it did not heed it; gives up after some seconds."""
    for _ in range(_TRIES):
        left = _kopfs_tasks()
        if not left:
            return
        for task in left:
            task.cancel()
        done, _ = await asyncio.wait(left, timeout=_PAUSE_SECONDS)
        for task in done:
            _ = task.cancelled() or task.exception()  # looked at, so that asyncio does not tell it as news
    if left := _kopfs_tasks():
        _log.warning("Kopf has left tasks behind", tasks=sorted(task.get_name() for task in left)[:10])


def _kopfs_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if _is_kopfs(task)}


def _is_kopfs(task: asyncio.Task[object]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(_KOPF)

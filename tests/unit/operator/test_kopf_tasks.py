"""What Kopf leaves behind is ended, and nothing of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from kopf._cogs.aiokits.aiotoggles import ToggleSet

from concierge_operator.kopf_tasks import end_kopfs_tasks


async def test_kopfs_tasks_are_ended_and_ours_go_on() -> None:
    waiting: Coroutine[Any, Any, Any] = ToggleSet(any).wait_for(True)
    theirs = asyncio.create_task(waiting)
    ours = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)

    await end_kopfs_tasks()

    assert (theirs.done(), ours.done()) == (True, False)
    ours.cancel()

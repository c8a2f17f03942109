"""A coroutine on a thread and an event loop of its own, ended by cancelling it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class InThread:
    """One coroutine at work."""

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._begin = begin
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[Any]
        self._thread.start()
        self._started.wait()

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._task = asyncio.ensure_future(self._begin())
        self._started.set()
        await asyncio.wait({self._task})
        await asyncio.sleep(0)  # connections that were broken off are let go in the next turn
        if not self._task.cancelled() and (error := self._task.exception()):
            raise error

    def stop(self, seconds: float = 20) -> None:
        """End it."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(seconds)
        assert not self._thread.is_alive(), f"it did not end: {self._waiting()}"

    def _waiting(self) -> list[str]:
        """Each task, and the line where it waits."""
        return [f"{task.get_coro()!r} at {task.get_stack(limit=1)!r}" for task in asyncio.all_tasks(self.loop)]

    def call(self, deed: Callable[[], Any]) -> None:
        """Do this on its loop, soon."""
        self.loop.call_soon_threadsafe(deed)


@contextmanager
def in_thread(begin: Callable[[], Coroutine[Any, Any, Any]]) -> Iterator[InThread]:
    """For as long as the block lasts."""
    running = InThread(begin)
    try:
        yield running
    finally:
        running.stop()

"""One event loop per worker process, on its own thread: Celery's threads hand it coroutines and wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
log = structlog.get_logger()
_CLOSE_SECONDS = 5.0


class WorkLoop:
    """Begins with `start` (after any fork), ends with `stop`. Engines and clients opened here live on its loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="work-loop", daemon=True)
        self._stack = AsyncExitStack()

    def start(self) -> None:
        """Run the loop."""
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout_seconds: float | None = None) -> T:
        """Do the work on the loop, and wait for it. Raises what it raises, `TimeoutError` when it takes too long."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_seconds)
        except TimeoutError:
            future.cancel()
            raise

    def open(self, resource: AbstractAsyncContextManager[T]) -> T:
        """Enter a resource on the loop; `stop` leaves it."""
        return self.run(self._stack.enter_async_context(resource))

    def stop(self) -> None:
        """Leave what was opened, newest first, and end the loop. What doesn't close in time dies with the process."""
        try:
            self.run(self._stack.aclose(), timeout_seconds=_CLOSE_SECONDS)
        except TimeoutError:
            log.warning("not_closed_in_time")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

"""The work queue that Kopf feeds: each key once, edits ahead of resyncs, one worker per key, many keys at once.

What is added while its key is being worked on is worked on again afterwards, so no change is missed. A key that failed
comes again after a pause that doubles, with full jitter; a key that is added too often is slowed down by its own bucket
of tokens, so that a storm on one tenant takes nothing from the others.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """Who goes first."""

    EDIT = 0
    """Somebody changed something and may be looking."""
    NEWS = 1
    """The cluster went on: pods became ready, an object was deleted."""
    RETRY = 2
    RESYNC = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How a key is slowed down. Seconds; `burst` and `refill_seconds` bound how often a key is worked on."""

    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 300.0
    burst: int = 100
    refill_seconds: float = 1.0

    def pause_after(self, failures: int, chance: float) -> float:
        """Pause after so many failures in a row; `chance` in [0, 1) spreads it (full jitter)."""
        most: float = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** min(failures - 1, 30))
        return chance * most


@dataclass(slots=True)
class _Key:
    queued: Priority | None = None
    working: bool = False
    again: Priority | None = None
    failures: int = 0
    tokens: float = 0.0
    filled_at: float = 0.0
    later: asyncio.TimerHandle | None = None
    not_before: float = 0.0
    """The API server wants to be left alone till then, whatever happens."""


class WorkQueue:
    """Keys to work on. `chance` gives numbers in [0, 1)."""

    def __init__(self, pace: Pace, chance: Callable[[], float]) -> None:
        self._pace = pace
        self._chance = chance
        self._keys: dict[str, _Key] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._order = itertools.count()
        self._filled = asyncio.Event()
        self._waiting = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def add(self, name: str, priority: Priority = Priority.EDIT) -> None:
        """Work on this key soon; once, however often it is added before that."""
        key = self._key(name)
        if key.working:
            key.again = priority if key.again is None else min(key.again, priority)
        elif (wait := key.not_before - asyncio.get_running_loop().time()) > 0:
            self.add_later(name, wait, priority)
        elif key.queued is None or priority < key.queued:
            self._push(name, key, priority)

    def add_later(self, name: str, seconds: float, priority: Priority = Priority.RETRY) -> None:
        """Work on this key after a pause, unless it is worked on before."""
        key = self._key(name)
        if key.later is not None:
            key.later.cancel()
        key.later = asyncio.get_running_loop().call_later(seconds, self.add, name, priority)

    async def take(self) -> str:
        """The next key; nobody else gets it before `done`."""
        while True:
            while self._heap:
                priority, _, name = heapq.heappop(self._heap)
                key = self._keys.get(name)
                if key is None or key.queued != priority or key.working:
                    continue  # it was moved ahead, or is being worked on
                key.queued = None
                self._waiting -= 1
                if (wait := self._wait_for_token(key)) > 0:
                    self.add_later(name, wait, Priority(priority))
                    continue
                self._begin(key)
                return name
            self._filled.clear()
            await self._filled.wait()

    def done(self, name: str, *, failed: bool = False, at_least_seconds: float = 0.0, gone: bool = False) -> None:
        """This key was worked on. One that failed comes again after its pause, and not before `at_least_seconds`: a
        short one, where somebody has edited meanwhile. Of one that is `gone` nothing is kept."""
        key = self._keys[name]
        if at_least_seconds > 0:
            key.not_before = asyncio.get_running_loop().time() + at_least_seconds
        key.working = False
        again, key.again = key.again, None
        key.failures = (key.failures + 1 if again is not Priority.EDIT else 1) if failed else 0
        if again is not None and not failed:
            self.add(name, again)
        elif failed:
            pause = at_least_seconds + self._pace.pause_after(key.failures, self._chance())
            self.add_later(name, pause, Priority.RETRY if again is None else min(again, Priority.RETRY))
        elif gone:
            if key.later is not None:
                key.later.cancel()
            del self._keys[name]

    def knows(self, name: str) -> bool:
        """Something is kept of this key: that it waits, or how often it was worked on."""
        return name in self._keys

    def _key(self, name: str) -> _Key:
        key = self._keys.get(name)
        if key is None:
            now = asyncio.get_running_loop().time()
            key = self._keys[name] = _Key(tokens=float(self._pace.burst), filled_at=now)
        return key

    def _push(self, name: str, key: _Key, priority: Priority) -> None:
        self._waiting += key.queued is None
        key.queued = priority
        heapq.heappush(self._heap, (priority, next(self._order), name))
        self._filled.set()

    def _begin(self, key: _Key) -> None:
        key.working = True
        key.tokens -= 1
        if key.later is not None:
            key.later.cancel()
            key.later = None

    def _wait_for_token(self, key: _Key) -> float:
        now = asyncio.get_running_loop().time()
        gained = (now - key.filled_at) / self._pace.refill_seconds
        key.tokens, key.filled_at = min(float(self._pace.burst), key.tokens + gained), now
        return 0.0 if key.tokens >= 1 else (1 - key.tokens) * self._pace.refill_seconds

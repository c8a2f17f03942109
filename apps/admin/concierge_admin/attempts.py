"""Remembers failed sign-ins for the throttle: in Redis for all processes, in this process's memory without it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from weakref import WeakValueDictionary

from redis.exceptions import RedisError

from concierge_admin import throttle
from concierge_admin.throttle import Rule
from concierge_core.runtime import Runtime

_REMEMBERED = 10_000


class Attempts:
    """Failures per account, per address, and per both."""

    def __init__(self, runtime: Runtime) -> None:
        self._rt = runtime
        self._memory: OrderedDict[str, list[float]] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def one_at_a_time(self, email: str) -> asyncio.Lock:
        """Hold it from `wait_seconds` until the outcome is noted: tries sent at once are counted one by one."""
        lock = self._turns.get(email)
        if lock is None:
            lock = self._turns[email] = asyncio.Lock()
        return lock

    async def wait_seconds(self, email: str, address: str) -> float:
        """Seconds until this address may try this account again; 0: now."""
        now = self._rt.clock.now().timestamp()
        waits = [throttle.wait_seconds(rule, await self._read(key), now) for key, rule in self._keys(email, address)]
        return max(waits)

    async def failed(self, email: str, address: str) -> None:
        """Note a failure."""
        now = self._rt.clock.now().timestamp()
        for key, rule in self._keys(email, address):
            self._remember(key, throttle.kept(rule, [*self._memory.get(key, []), now], now))
            await self._add(key, now, rule)

    async def succeeded(self, email: str, address: str) -> None:
        """Forget this person's own failures; what others fail at the account or the address still counts."""
        key, _ = self._keys(email, address)[0]
        self._memory.pop(key, None)
        if self._rt.redis is None:
            return
        try:
            await self._rt.redis.delete(key)
        except (RedisError, OSError):
            return

    def _keys(self, email: str, address: str) -> list[tuple[str, Rule]]:
        return [
            (self._key("both", f"{email}|{address}"), throttle.PER_ACCOUNT_AND_ADDRESS),
            (self._key("account", email), throttle.PER_ACCOUNT),
            (self._key("address", address), throttle.PER_ADDRESS),
        ]

    def _key(self, kind: str, subject: str) -> str:
        digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return f"concierge:{self._rt.tenant_id}:failed-sign-in:{kind}:{digest}"

    async def _read(self, key: str) -> list[float]:
        remembered = self._memory.get(key, [])
        if self._rt.redis is None:
            return remembered
        try:
            stored = await self._rt.redis.lrange(key, 0, -1)  # type: ignore[misc]  # sync and async share it
        except (RedisError, OSError):
            return remembered
        return [float(at) for at in stored]

    async def _add(self, key: str, at: float, rule: Rule) -> None:
        # Each step by itself is safe when several processes take it at once; a list read and written whole is not.
        if self._rt.redis is None:
            return
        try:
            async with self._rt.redis.pipeline() as steps:
                steps.rpush(key, repr(at))
                steps.ltrim(key, -throttle.most_kept(rule), -1)
                steps.expire(key, int(rule.window_seconds))
                await steps.execute()
        except (RedisError, OSError):
            return

    def _remember(self, key: str, failures: list[float]) -> None:
        # Kept here too: when Redis goes away in the middle of a guessing spree, this process still knows.
        self._memory[key] = failures
        self._memory.move_to_end(key)
        while len(self._memory) > _REMEMBERED:
            self._memory.popitem(last=False)

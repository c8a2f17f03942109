"""Remembers failed sign-ins for the throttle: in Redis for all processes, in this process's memory without it."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict

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

    async def wait_seconds(self, email: str, address: str) -> float:
        """Seconds until this address may try this account again; 0: now."""
        now = self._rt.clock.now().timestamp()
        waits = [throttle.wait_seconds(rule, await self._read(key), now) for key, rule in self._keys(email, address)]
        return max(waits)

    async def failed(self, email: str, address: str) -> None:
        """Note a failure."""
        now = self._rt.clock.now().timestamp()
        for key, rule in self._keys(email, address):
            await self._write(key, throttle.kept(rule, [*await self._read(key), now], now), rule)

    async def succeeded(self, email: str, address: str) -> None:
        """Forget this person's own failures; what others fail at the account or the address still counts."""
        key, rule = self._keys(email, address)[0]
        await self._write(key, [], rule)

    def _keys(self, email: str, address: str) -> list[tuple[str, Rule]]:
        return [
            (self._key("both", f"{email}|{address}"), throttle.PER_ACCOUNT_AND_ADDRESS),
            (self._key("account", email), throttle.PER_ACCOUNT),
            (self._key("address", address), throttle.PER_ADDRESS),
        ]

    def _key(self, kind: str, subject: str) -> str:
        digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return f"concierge:{self._rt.tenant_id}:sign-in:{kind}:{digest}"

    async def _read(self, key: str) -> list[float]:
        remembered = self._memory.get(key, [])
        if self._rt.redis is None:
            return remembered
        try:
            stored = await self._rt.redis.get(key)
        except (RedisError, OSError):
            return remembered
        return [float(at) for at in json.loads(stored)] if stored else remembered

    async def _write(self, key: str, failures: list[float], rule: Rule) -> None:
        # Kept here too: when Redis goes away in the middle of a guessing spree, this process still knows.
        self._memory[key] = failures
        self._memory.move_to_end(key)
        while len(self._memory) > _REMEMBERED:
            self._memory.popitem(last=False)
        if self._rt.redis is None:
            return
        try:
            await self._rt.redis.set(key, json.dumps(failures), ex=int(rule.window_seconds))
        except (RedisError, OSError):
            return

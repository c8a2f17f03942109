"""Token buckets: pure arithmetic, kept in Redis when it is there and in this process when it is not.

A hotel's guests share one address, so what counts is the session and the property; the address has only a high
ceiling. A claim on several buckets is granted by all of them or costs none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog
from redis.exceptions import RedisError

from concierge_core.errors import TooMany

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()
_REDIS_REST_SECONDS = 5.0
_MEMORY_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, refilled at so many per second."""

    burst: float
    per_second: float

    @classmethod
    def per_minute(cls, count: int) -> Limit:
        """`count` at once, and as many in any further minute."""
        return cls(float(count), count / 60)


class Claim(NamedTuple):
    """One token of the bucket named `key`."""

    key: str
    limit: Limit


class Bucket(NamedTuple):
    """So many tokens at that moment (seconds on the caller's clock)."""

    tokens: float
    at: float


def filled(bucket: Bucket | None, limit: Limit, now: float) -> float:
    """Tokens there are now; a clock that went back adds none."""
    if bucket is None:
        return limit.burst
    return min(limit.burst, bucket.tokens + max(0.0, now - bucket.at) * limit.per_second)


def wait_seconds(tokens: float, limit: Limit) -> float:
    """How long until there is a whole token; 0 when there is."""
    return 0.0 if tokens >= 1 else (1 - tokens) / limit.per_second


class Buckets(Protocol):
    """Where buckets are kept."""

    async def take(self, claims: Sequence[Claim]) -> float:
        """Take one token from each bucket, or none from any: 0 when granted, else the seconds to wait."""
        ...


class MemoryBuckets:
    """Buckets of this process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[str, tuple[Bucket, Limit]] = {}

    async def take(self, claims: Sequence[Claim]) -> float:
        """Take one token from each bucket, or none from any: 0 when granted, else the seconds to wait."""
        return self.take_now(claims)

    def take_now(self, claims: Sequence[Claim]) -> float:
        """As `take`, without waiting for anything."""
        now = self._now()
        tokens = [filled(self._bucket(claim.key), claim.limit, now) for claim in claims]
        wait = max((wait_seconds(t, claim.limit) for t, claim in zip(tokens, claims, strict=True)), default=0.0)
        if wait == 0:
            for left, claim in zip(tokens, claims, strict=True):
                self._kept[claim.key] = Bucket(left - 1, now), claim.limit
            self._forget_full_ones(now)
        return wait

    def _bucket(self, key: str) -> Bucket | None:
        kept = self._kept.get(key)
        return kept[0] if kept else None

    def _forget_full_ones(self, now: float) -> None:
        # A full bucket and an unknown one are the same; so only those who write right now take memory.
        if len(self._kept) > _MEMORY_LIMIT:
            self._kept = {k: (b, m) for k, (b, m) in self._kept.items() if filled(b, m, now) < m.burst}


_TAKE = """
local time = redis.call('TIME')
local now, wait, left = time[1] + time[2] / 1e6, 0, {}
for i, key in ipairs(KEYS) do
  local burst, rate = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = burst
  if bucket[1] then
    tokens = math.min(burst, tonumber(bucket[1]) + math.max(0, now - tonumber(bucket[2])) * rate)
  end
  if tokens < 1 then wait = math.max(wait, (1 - tokens) / rate) end
  left[i] = tokens - 1
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    local burst, rate = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    redis.call('HSET', key, 'tokens', string.format('%.6f', left[i]), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil(burst / rate * 1000) + 1000)
  end
end
return string.format('%.6f', wait)
"""


class RedisBuckets:
    """Buckets that all processes of a property share; one script, so a claim is atomic. While Redis is away, and for
    five seconds after, this process counts alone: limits grow a little softer, and nobody waits."""

    def __init__(self, client: Redis, *, prefix: str, now: Callable[[], float] = time.monotonic) -> None:
        self._script = client.register_script(_TAKE)
        self._prefix = prefix
        self._alone = MemoryBuckets(now)
        self._now = now
        self._rests_until = 0.0

    async def take(self, claims: Sequence[Claim]) -> float:
        """Take one token from each bucket, or none from any: 0 when granted, else the seconds to wait."""
        if self._now() < self._rests_until:
            return self._alone.take_now(claims)
        try:
            return float(await self._script(self._keys(claims), self._numbers(claims)))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("limits_counted_alone", error=type(error).__name__)
            self._rests_until = self._now() + _REDIS_REST_SECONDS
            return self._alone.take_now(claims)

    def _keys(self, claims: Sequence[Claim]) -> list[str]:
        return [f"{self._prefix}{claim.key}" for claim in claims]

    @staticmethod
    def _numbers(claims: Sequence[Claim]) -> list[float]:
        return [number for claim in claims for number in (claim.limit.burst, claim.limit.per_second)]


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """Who may write how much. Raises `TooMany` with the seconds to wait."""

    buckets: Buckets
    per_session: Limit
    per_property: Limit
    per_address: Limit
    sessions_per_address: Limit
    deeds_per_session: Limit = Limit(burst=6, per_second=0.1)

    async def message(self, *, session: str, address: str) -> None:
        """A guest sends a message."""
        await self._admit(
            Claim(f"session:{session}", self.per_session),
            Claim(f"address:{address}", self.per_address),
            Claim("property", self.per_property),
        )

    async def deed(self, *, session: str) -> None:
        """A guest does something else that leaves a trace: a wish for a person, details, a rating. Counted apart, so
        that one who has written much can still ask for a person."""
        await self._admit(Claim(f"deeds:{session}", self.deeds_per_session))

    async def new_session(self, *, address: str) -> None:
        """Somebody unknown arrives."""
        await self._admit(Claim(f"arrivals:{address}", self.sessions_per_address))

    async def _admit(self, *claims: Claim) -> None:
        wait = await self.buckets.take(claims)
        if wait > 0:
            raise TooMany(wait)

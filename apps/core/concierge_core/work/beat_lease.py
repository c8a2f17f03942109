"""Who is beat: a lease in the broker itself, since beat can do nothing without the broker anyway.

Should the broker lose the lease, two beats may send the same work for a moment, which idempotent tasks bear.
"""

from __future__ import annotations

import os
import socket
import time

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if holder then return 0 end
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') and 1 or 0
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class BeatLease:
    """Held by one beat per property for `seconds` at a time."""

    def __init__(self, redis_url: str, *, code: str, seconds: float, timeout_seconds: float = 2.0) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._key = f"concierge:{code}:beat"
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        self._seconds = seconds
        self._renew_at = float("-inf")

    def hold(self) -> bool:
        """Take or renew it (asked at most every third of its length); False when another has it or Redis is away."""
        if time.monotonic() < self._renew_at:
            return True
        try:
            held = bool(self._redis.eval(_RENEW, 1, self._key, self._holder, str(round(self._seconds * 1000))))
        except (RedisError, OSError):
            held = False
        self._renew_at = time.monotonic() + self._seconds / 3 if held else float("-inf")
        return held

    def release(self) -> None:
        """Let another follow at once."""
        self._renew_at = float("-inf")
        try:
            self._redis.eval(_RELEASE, 1, self._key, self._holder)
        except (RedisError, OSError):
            pass  # it lapses by itself
        self._redis.close()

"""What every guest connection of this process shares: the runtime, the limits, the allowed origins, who is here."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import HTTPConnection

from concierge_chat.addresses import TrustedProxies
from concierge_chat.limits import Limit, MemoryBuckets, MessageLimits, RedisBuckets
from concierge_chat.origins import Origins
from concierge_chat.read_marks import ReadMarks
from concierge_core import metrics
from concierge_core.errors import TooMany
from concierge_core.runtime import Runtime

CONNECTIONS_PER_SESSION = 10
_FULL_RETRY_SECONDS = 30.0
_COME_BACK_WITHIN_SECONDS = 5.0


class Leavable(Protocol):
    """A connection that can be asked to leave."""

    async def leave(self, code: int, reason: str, retry_after_seconds: float) -> None:
        """Say `bye` and close with this WebSocket close code; never raises, returns within a second or so."""
        ...


class Presence:
    """Who is connected to this process, and how many from where."""

    def __init__(self, *, per_address: int, per_session: int = CONNECTIONS_PER_SESSION) -> None:
        self._per_address = per_address
        self._per_session = per_session
        self._addresses: Counter[str] = Counter()
        self._sessions: Counter[str] = Counter()
        self._here: set[Leavable] = set()
        self.draining = False

    @contextmanager
    def connected(self, connection: Leavable, address: str) -> Iterator[None]:
        """Count the connection for as long as the block lasts. Raises `TooMany` when its address has too many."""
        if self.draining:
            raise TooMany(_COME_BACK_WITHIN_SECONDS)
        with _counted(self._addresses, address, self._per_address):
            self._here.add(connection)
            metrics.SOCKETS.inc()
            try:
                yield
            finally:
                self._here.discard(connection)
                metrics.SOCKETS.dec()

    @contextmanager
    def session(self, guest_id: str) -> Iterator[None]:
        """Count one connection of this guest. Raises `TooMany` when the guest has too many tabs open."""
        with _counted(self._sessions, guest_id, self._per_session):
            yield

    async def drain(self) -> None:
        """The process ends: everybody is asked to come back in a moment, spread so that they don't come as one."""
        self.draining = True
        spread = (0.2 + random.random() * _COME_BACK_WITHIN_SECONDS for _ in self._here)  # noqa: S311  # no secret
        await asyncio.gather(*(c.leave(1012, "restart", pause) for c, pause in zip(self._here, spread, strict=False)))


@contextmanager
def _counted(counter: Counter[str], key: str, limit: int) -> Iterator[None]:
    if counter[key] >= limit:
        raise TooMany(_FULL_RETRY_SECONDS)
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]


@dataclass
class Desk:
    """One property's chat in this process. Times are in seconds; tests shorten them."""

    rt: Runtime
    limits: MessageLimits
    origins: Origins
    proxies: TrustedProxies
    presence: Presence
    read_marks: ReadMarks
    hello_timeout_seconds: float = 10.0
    slow_after_seconds: float = 10.0
    """A socket that takes no byte for so long is closed; what it missed waits in the database."""
    frames: Limit = field(default_factory=lambda: Limit(burst=40, per_second=10))
    """Frames of any kind per socket: beyond them it is read more slowly, which stops a flood at its source."""

    @property
    def suspended(self) -> bool:
        """The house is closed for the season."""
        return self.rt.tenant.spec.suspend.active

    def address_of(self, connection: HTTPConnection) -> str:
        """The client's address, as limits count it."""
        peer = connection.client.host if connection.client else None
        return self.proxies.client(peer, connection.headers.getlist("x-forwarded-for"))

    def welcomes(self, connection: HTTPConnection) -> bool:
        """The page that speaks to us may do so."""
        headers = connection.headers
        return self.origins.allows(headers.get("origin"), host=headers.get("host"))


def open_desk(rt: Runtime) -> Desk:
    """The desk of this runtime's property."""
    spec, settings = rt.tenant.spec, rt.settings
    return Desk(
        rt=rt,
        limits=_limits(rt),
        origins=Origins(settings.public_url, spec.widget.allowed_origins),
        proxies=TrustedProxies(settings.trusted_proxies),
        presence=Presence(per_address=spec.chat.limits.connections_per_address),
        read_marks=ReadMarks(rt),
    )


def _limits(rt: Runtime) -> MessageLimits:
    limits = rt.tenant.spec.chat.limits
    shared = RedisBuckets(rt.redis, prefix=f"concierge:{rt.tenant_id}:limit:") if rt.redis is not None else None
    return MessageLimits(
        buckets=shared or MemoryBuckets(),
        per_session=Limit.per_minute(limits.messages_per_minute_per_session),
        per_property=Limit.per_minute(limits.messages_per_minute_per_property),
        per_address=Limit.per_minute(limits.messages_per_minute_per_address),
        sessions_per_address=Limit.per_minute(limits.connections_per_address),
    )

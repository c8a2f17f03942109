"""Fan-out between processes over Redis, with the database as the way around while Redis is away.

`publish` hands the event to this process's subscribers at once and to Redis from a bounded queue in the background, so
no guest ever waits for Redis. One connection listens for what other processes say. While it is down, every subscriber
is asked to read the database each `poll_interval_seconds`, and once more when it is back.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from concierge_core import metrics
from concierge_core.broadcast.hub import Hub
from concierge_core.domain.events import Event, from_json, to_json
from concierge_core.domain.ids import ConversationId, TenantId
from concierge_core.ports import Subscription

log = structlog.get_logger()
OUTGOING_LIMIT = 10_000


class RedisBroadcast:
    """One tenant's fan-out. Use as `async with RedisBroadcast(…)`, or call `start` and `close`."""

    def __init__(self, client: Redis, tenant: TenantId, *, poll_interval_seconds: float = 1.0) -> None:
        self._client = client
        self._channel = f"concierge:{tenant}:events"
        self._tenant = tenant
        self._poll_interval_seconds = poll_interval_seconds
        self._origin = secrets.token_hex(8)
        self._hub = Hub()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(OUTGOING_LIMIT)
        self._tasks: list[asyncio.Task[None]] = []
        self.connected = False
        self._lost = False

    def start(self) -> None:
        """Begin to listen and to send; returns at once, Redis may come later."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._send())]

    async def publish(self, tenant: TenantId, event: Event) -> None:
        """Tell this process's subscribers now and the others soon. What can't be sent is made good by a resync."""
        self._hub.dispatch(tenant, event)
        if self.connected and not self._outgoing.full():
            self._outgoing.put_nowait(json.dumps({"origin": self._origin, "event": to_json(event)}))
        else:
            self._lost = True

    @asynccontextmanager
    async def subscribe(
        self, tenant: TenantId, conversation_id: ConversationId | None = None
    ) -> AsyncIterator[Subscription]:
        """Events of one conversation, or of the whole tenant."""
        async with self._hub.subscription(tenant, conversation_id) as queue:
            yield queue

    async def close(self) -> None:
        """Stop listening and sending; the client stays open, it is its owner's."""
        pending = set(self._tasks)
        while pending:  # redis-py swallows a cancellation that comes just as its time-out ends
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.5)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    self._set_connected(True)
                    asked = False
                    while True:
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5.0)
                        if message is None and asked:
                            raise TimeoutError  # it neither speaks nor answers: hung, or the line is dead
                        asked = message is None
                        if message is None:
                            await pubsub.ping()
                        elif message["type"] == "message":
                            self._receive(message["data"])
            except (RedisError, OSError, TimeoutError):
                self._set_connected(False)
            await self._poll_for_a_while()

    async def _poll_for_a_while(self) -> None:
        self._hub.resync_all()
        await asyncio.sleep(self._poll_interval_seconds)

    async def _send(self) -> None:
        while True:
            batch = [await self._outgoing.get()]
            while not self._outgoing.empty() and len(batch) < 200:
                batch.append(self._outgoing.get_nowait())
            if self._lost:  # others have missed something: they are to read the database
                batch.insert(0, json.dumps({"origin": self._origin, "event": None}))
                self._lost = False
            try:
                async with self._client.pipeline(transaction=False) as pipeline:
                    for item in batch:
                        pipeline.publish(self._channel, item)
                    await pipeline.execute()
            except (RedisError, OSError, TimeoutError):
                self._lost = True
                log.warning("broadcast_not_sent", events=len(batch))

    def _receive(self, data: bytes | str) -> None:
        try:
            message = json.loads(data)
            if message["event"] is None:
                self._hub.resync_all()
            elif message["origin"] != self._origin:
                self._hub.dispatch(self._tenant, from_json(message["event"]))
        except (ValueError, KeyError, TypeError):
            # A newer version of this app may speak of things we don't know yet; its subscribers read the database.
            log.warning("broadcast_not_understood")
            self._hub.resync_all()

    def _set_connected(self, connected: bool) -> None:
        if connected != self.connected:
            log.info("broadcast_connected" if connected else "broadcast_lost")
            metrics.BROADCAST_CONNECTED.set(connected)
        self.connected = connected
        self._hub.resync_all()

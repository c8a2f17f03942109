"""Fan-out inside one process: bounded queues, one per subscriber.

A subscriber who is too slow loses its backlog and gets one `Resync` instead: it reads the database and goes on. So a
queue can never grow, and nothing that is stored can be missed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from concierge_core.domain.events import Event, conversation_of
from concierge_core.domain.ids import ConversationId, TenantId
from concierge_core.ports import Resync, Subscription

QUEUE_LIMIT = 256
_Topic = tuple[TenantId, ConversationId | None]


class Queue:
    """One subscriber's events, as an async iterator that ends never (its reader is cancelled)."""

    __slots__ = ("_items", "_ready")

    def __init__(self) -> None:
        self._items: deque[Event | Resync] = deque()
        self._ready = asyncio.Event()

    def put(self, item: Event | Resync) -> None:
        """Add an item; when full, forget the backlog and ask the reader to resync."""
        if len(self._items) >= QUEUE_LIMIT:
            self._items.clear()
            item = Resync()
        self._items.append(item)
        self._ready.set()

    def resync(self) -> None:
        """Ask the reader to read the database, once however often this is said before it does."""
        if not (self._items and isinstance(self._items[-1], Resync)):
            self.put(Resync())

    def __aiter__(self) -> AsyncIterator[Event | Resync]:
        return self

    async def __anext__(self) -> Event | Resync:
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()


class Hub:
    """All subscribers of this process."""

    def __init__(self) -> None:
        self._queues: defaultdict[_Topic, set[Queue]] = defaultdict(set)

    def dispatch(self, tenant: TenantId, event: Event) -> None:
        """Hand the event to the subscribers of its conversation and of its tenant."""
        conversation = conversation_of(event)
        if conversation is not None:
            for queue in self._queues.get((tenant, conversation), ()):
                queue.put(event)
        for queue in self._queues.get((tenant, None), ()):
            queue.put(event)

    def resync_all(self) -> None:
        """Ask every subscriber to read the database."""
        for queues in self._queues.values():
            for queue in queues:
                queue.resync()

    @asynccontextmanager
    async def subscription(self, tenant: TenantId, conversation: ConversationId | None) -> AsyncIterator[Subscription]:
        """A queue for as long as the block lasts."""
        topic, queue = (tenant, conversation), Queue()
        self._queues[topic].add(queue)
        try:
            yield queue
        finally:
            self._queues[topic].discard(queue)
            if not self._queues[topic]:
                del self._queues[topic]


class LocalBroadcast:
    """Fan-out for a single process: what `RedisBroadcast` does, without Redis."""

    connected = True

    def __init__(self) -> None:
        self._hub = Hub()

    async def publish(self, tenant: TenantId, event: Event) -> None:
        """Tell the subscribers of this process."""
        self._hub.dispatch(tenant, event)

    @asynccontextmanager
    async def subscribe(
        self, tenant: TenantId, conversation_id: ConversationId | None = None
    ) -> AsyncIterator[Subscription]:
        """Events of one conversation, or of the whole tenant."""
        async with self._hub.subscription(tenant, conversation_id) as queue:
            yield queue

    async def close(self) -> None:
        """Nothing to close."""

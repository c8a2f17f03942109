"""Events between processes over a real Valkey, and the way around when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from concierge_core.broadcast import LocalBroadcast, RedisBroadcast
from concierge_core.broadcast.hub import QUEUE_LIMIT
from concierge_core.domain.events import MessagePosted
from concierge_core.domain.ids import ConversationId, TenantId
from concierge_core.ports import Resync

HOTEL, OTHER_HOTEL = TenantId("hotel"), TenantId("other")
TALK = ConversationId("c1")


@asynccontextmanager
async def process(url: str, tenant: TenantId = HOTEL) -> AsyncIterator[RedisBroadcast]:
    """One process's fan-out, connected."""
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    broadcast = RedisBroadcast(client, tenant, poll_interval_seconds=0.05)
    async with broadcast.subscribe(tenant) as news:
        broadcast.start()
        await next_event(news, Resync)  # said when the connection stands
    assert broadcast.connected
    try:
        yield broadcast
    finally:
        await broadcast.close()
        await client.aclose()


async def next_event(events, kind):
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, kind):
                return event


async def test_another_process_hears_of_a_message(valkey_url):
    async with process(valkey_url) as here, process(valkey_url) as there, there.subscribe(HOTEL, TALK) as events:
        await here.publish(HOTEL, MessagePosted(TALK, 3, "guest"))

        assert await next_event(events, MessagePosted) == MessagePosted(TALK, 3, "guest")


async def test_this_process_hears_each_event_once(valkey_url):
    async with process(valkey_url) as here, here.subscribe(HOTEL) as events:
        for seq in (1, 2):
            await here.publish(HOTEL, MessagePosted(TALK, seq, "guest"))

        assert [(await next_event(events, MessagePosted)).seq for _ in range(2)] == [1, 2]


async def test_another_property_hears_nothing(valkey_url):
    async with (
        process(valkey_url) as here,
        process(valkey_url, OTHER_HOTEL) as other,
        other.subscribe(OTHER_HOTEL) as events,
    ):
        await here.publish(HOTEL, MessagePosted(TALK, 1, "guest"))
        await other.publish(OTHER_HOTEL, MessagePosted(TALK, 2, "guest"))

        assert (await next_event(events, MessagePosted)).seq == 2


async def test_while_redis_is_away_subscribers_are_asked_to_read_the_database():
    client = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    away = RedisBroadcast(client, HOTEL, poll_interval_seconds=0.02)
    away.start()
    async with away.subscribe(HOTEL, TALK) as events:
        await next_event(events, Resync)
        await next_event(events, Resync)
        await away.publish(HOTEL, MessagePosted(TALK, 1, "guest"))
        assert (await next_event(events, MessagePosted)).seq == 1
    await away.close()
    await client.aclose()


async def test_a_reader_who_is_too_slow_is_told_to_read_the_database_instead():
    broadcast = LocalBroadcast()
    async with broadcast.subscribe(HOTEL, TALK) as events:
        for seq in range(QUEUE_LIMIT + 1):
            await broadcast.publish(HOTEL, MessagePosted(TALK, seq, "guest"))

        assert isinstance(await anext(aiter(events)), Resync)

"""Limits that several processes share through Valkey."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from concierge_chat.limits import Claim, Limit, RedisBuckets


@pytest.fixture
async def two_processes(valkey_url: str) -> AsyncIterator[tuple[RedisBuckets, RedisBuckets]]:
    """The same limits, as two processes of a property see them."""
    prefix = f"{uuid.uuid4().hex}:"
    async with Redis.from_url(valkey_url) as one, Redis.from_url(valkey_url) as two:
        yield RedisBuckets(one, prefix=prefix), RedisBuckets(two, prefix=prefix)


async def test_a_guest_who_changes_the_process_keeps_the_same_limit(
    two_processes: tuple[RedisBuckets, RedisBuckets],
) -> None:
    one, two = two_processes
    claim = Claim("session:g1", Limit(4, 0.01))

    granted = [await buckets.take([claim]) == 0 for _ in range(3) for buckets in (one, two)]

    assert granted == [True] * 4 + [False] * 2
    assert 0 < await one.take([claim]) <= 100


async def test_a_hundred_claims_at_once_are_granted_exactly_as_often_as_there_are_tokens(
    two_processes: tuple[RedisBuckets, RedisBuckets],
) -> None:
    one, two = two_processes
    claim = Claim("property", Limit(30, 0.001))

    waits = await asyncio.gather(*(buckets.take([claim]) for _ in range(50) for buckets in (one, two)))

    assert sum(wait == 0 for wait in waits) == 30


async def test_a_claim_on_several_buckets_is_granted_by_all_or_costs_none(
    two_processes: tuple[RedisBuckets, RedisBuckets],
) -> None:
    one, _ = two_processes
    scarce, plenty = Claim("scarce", Limit(1, 0.001)), Claim("plenty", Limit(2, 0.001))
    assert await one.take([scarce]) == 0

    assert await one.take([plenty, scarce]) > 0
    assert [await one.take([plenty]) == 0 for _ in range(3)] == [True, True, False]


async def test_tokens_come_back_with_time_and_buckets_are_forgotten_when_full(
    two_processes: tuple[RedisBuckets, RedisBuckets], valkey_url: str
) -> None:
    one, _ = two_processes
    claim = Claim("quick", Limit(1, 20))

    waits = [await one.take([claim])]
    while len(waits) < 4:
        waits.append(await one.take([claim]))
        await asyncio.sleep(waits[-1])

    assert waits[0] == 0
    assert all(0 in pair for pair in pairwise(waits))
    async with Redis.from_url(valkey_url) as client:
        lives = [await client.pttl(key) async for key in client.scan_iter(match=f"{one._prefix}*")]
    assert all(0 < life <= 2000 for life in lives)

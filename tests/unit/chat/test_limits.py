"""Token buckets: a hotel behind one address writes freely, one abuser does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.limits import Claim, Limit, MemoryBuckets, MessageLimits, RedisBuckets
from concierge_core.errors import TooMany


class Time:
    """Seconds turned by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


def limits(buckets: MemoryBuckets) -> MessageLimits:
    return MessageLimits(
        buckets=buckets,
        per_session=Limit.per_minute(20),
        per_property=Limit.per_minute(600),
        per_address=Limit.per_minute(2000),
        sessions_per_address=Limit.per_minute(500),
    )


async def test_a_burst_is_granted_and_the_next_waits_for_its_token(time: Time) -> None:
    kept = limits(MemoryBuckets(time))
    for _ in range(20):
        await kept.message(session="g1", address="10.0.0.1")

    with pytest.raises(TooMany) as refused:
        await kept.message(session="g1", address="10.0.0.1")
    assert refused.value.retry_after_seconds == pytest.approx(3.0)

    time.seconds += 3.0
    await kept.message(session="g1", address="10.0.0.1")


async def test_three_hundred_guests_behind_one_address_are_fine_while_one_abuser_is_limited(time: Time) -> None:
    kept = limits(MemoryBuckets(time))
    wrongly_refused = abuses_granted = 0
    for minute in range(10):
        for guest in range(300):
            try:
                await kept.message(session=f"g{guest}", address="10.0.0.1")
            except TooMany:
                wrongly_refused += 1
            time.seconds += 0.2
            try:
                await kept.message(session="abuser", address="10.0.0.1")
                abuses_granted += 1
            except TooMany:
                pass
        assert abuses_granted <= 20 * (minute + 2)

    assert wrongly_refused == 0


async def test_what_is_refused_costs_nobody_else_anything(time: Time) -> None:
    buckets = MemoryBuckets(time)
    full, empty = Claim("full", Limit(1, 1)), Claim("empty", Limit(1, 0.1))
    assert await buckets.take([empty]) == 0

    assert await buckets.take([full, empty]) == pytest.approx(10)
    assert await buckets.take([full]) == 0


@given(steps=st.lists(st.floats(-5, 5), max_size=200))
def test_no_clock_however_it_jumps_grants_more_than_burst_and_rate(steps: list[float]) -> None:
    time = Time()
    buckets = MemoryBuckets(time)
    forward = 0.0
    granted = 0
    for step in steps:
        time.seconds += step
        forward += max(0.0, step)
        granted += buckets.take_now([Claim("k", Limit(3, 1))]) == 0

    assert granted <= 3 + forward + 1e-6


async def test_only_those_who_write_right_now_take_memory(time: Time) -> None:
    buckets = MemoryBuckets(time)
    for guest in range(20_001):
        time.seconds += 0.01
        buckets.take_now([Claim(f"g{guest}", Limit(1, 1))])

    assert len(buckets._kept) < 200


class AbsentRedis:
    """A client whose server is away."""

    calls = 0

    def register_script(self, _script: str) -> object:
        async def run(*_arguments: object) -> str:
            self.calls += 1
            raise ConnectionError("nobody there")

        return run


async def test_without_redis_this_process_counts_alone_and_asks_again_later(time: Time) -> None:
    redis = AbsentRedis()
    buckets = RedisBuckets(redis, prefix="x:", now=time)  # type: ignore[arg-type]  # all that is used of a client
    claim = Claim("k", Limit(2, 0.1))

    assert [await buckets.take([claim]) == 0 for _ in range(3)] == [True, True, False]
    assert redis.calls == 1

    time.seconds += 6
    await buckets.take([claim])
    assert redis.calls == 2

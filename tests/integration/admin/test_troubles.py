"""With Redis, with Redis going away, and with the database away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import pytest
from redis.asyncio import Redis

from concierge_admin.accounts import ensure_first_account, first_account
from concierge_admin.app import create_app
from concierge_admin.attempts import Attempts
from concierge_admin.sessions import Sessions
from concierge_core.domain.people import Staff
from concierge_core.errors import Unavailable
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import guest as guests

Open = Callable[..., Any]
Hire = Callable[..., Awaitable[Staff]]
SignedIn = Callable[..., Awaitable[Any]]


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(valkey_url, socket_timeout=1, socket_connect_timeout=1)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
async def absent_redis() -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    yield client
    await client.aclose()


async def test_a_session_lives_in_redis_and_survives_without_it(
    make_runtime: Callable[..., Awaitable[Runtime]], open_browser: Open, redis: Redis
) -> None:
    rt = await make_runtime(redis=redis)
    password = await ensure_first_account(rt)
    browser = open_browser(app=create_app(rt))
    await browser.sign_in(first_account(rt)[0], password)
    [token] = [c.value for c in browser.http.cookies.jar if not c.name.endswith("-form")]

    keys = [str(key) for key in await redis.keys("*")]
    assert any("staff-session" in key for key in keys)
    assert not any(token in key for key in keys)
    await redis.flushdb()

    assert (await browser.get("/admin/")).status_code == 200
    await browser.post("/admin/logout")
    assert (await browser.get("/admin/")).status_code == 303
    [key] = [key for key in await redis.keys("*") if "staff-session" in str(key)]
    assert await redis.get(key) == b"ended"


async def test_guessing_is_counted_over_all_processes(
    make_runtime: Callable[..., Awaitable[Runtime]], open_browser: Open, redis: Redis, clock: FrozenClock
) -> None:
    processes = [await make_runtime(redis=redis) for _ in range(2)]
    browsers = [open_browser(app=create_app(rt)) for rt in processes]

    answers = [(await browsers[n % 2].sign_in("anna@hotel.example", "guess")).status_code for n in range(6)]

    assert answers == [401] * 5 + [429]


@pytest.mark.parametrize("with_redis", [True, False])
async def test_guesses_sent_all_at_once_are_counted_one_by_one(
    make_runtime: Callable[..., Awaitable[Runtime]], open_browser: Open, redis: Redis, *, with_redis: bool
) -> None:
    rt = await make_runtime(redis=redis if with_redis else None)
    browser = open_browser(app=create_app(rt))
    token = await browser.token()
    wrong = {"email": "anna@hotel.example", "password": "guess"}

    answers = await asyncio.gather(*(browser.post("/admin/login", wrong, token=token) for _ in range(20)))

    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 15


async def test_failures_that_two_processes_note_at_once_all_count(
    make_runtime: Callable[..., Awaitable[Runtime]], redis: Redis
) -> None:
    processes = [Attempts(await make_runtime(redis=redis)) for _ in range(2)]

    await asyncio.gather(*(processes[n % 2].failed("anna@hotel.example", "10.0.0.1") for n in range(6)))

    for process in processes:
        assert await process.wait_seconds("anna@hotel.example", "10.0.0.1") == 10


async def test_without_redis_everything_works_from_the_database(
    make_runtime: Callable[..., Awaitable[Runtime]], open_browser: Open, absent_redis: Redis
) -> None:
    rt = await make_runtime(redis=absent_redis)
    password = await ensure_first_account(rt)
    browser = open_browser(app=create_app(rt))

    for _ in range(5):
        await browser.sign_in(first_account(rt)[0], "guess")
    assert (await browser.sign_in(first_account(rt)[0], password)).status_code == 429
    other = open_browser("10.9.9.9", app=create_app(rt))
    assert (await other.sign_in(first_account(rt)[0], password)).status_code == 303
    assert (await other.get("/admin/")).status_code == 200
    assert (await other.post("/admin/logout")).status_code == 303


async def test_staff_are_told_that_news_are_late(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert "a second or two late" not in (await browser.get("/admin/")).text

    rt.broadcast.connected = False  # type: ignore[misc]  # as RedisBroadcast says it

    assert "a second or two late" in (await browser.get("/admin/")).text
    assert "a second or two late" in (await browser.get("/admin/partials/navigation")).text


async def test_staff_are_told_that_the_concierge_could_not_reply(
    rt: Runtime, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    session = await guests.start_session(rt)
    await guests.request_person(rt, conversation_id=session.conversation.id, reason="concierge_failed")

    assert "The concierge could not reply to guests just now" in (await browser.get("/admin/")).text
    clock.advance(301)
    assert "The concierge could not reply to guests just now" not in (await browser.get("/admin/")).text


async def test_with_the_database_away_people_are_told_so_kindly(
    rt: Runtime, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await signed_in()
    token = await browser.token()

    @asynccontextmanager
    async def away() -> AsyncIterator[Any]:
        raise Unavailable("database")
        yield

    monkeypatch.setattr(rt.store, "read", away)
    monkeypatch.setattr(rt.store, "write", away)

    for answer in (await browser.get("/admin/"), await browser.post("/admin/requests", {}, token=token)):
        assert answer.status_code == 503
        assert "The database is away for the moment" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    part = await browser.get("/admin/inbox/rows", headers={"hx-request": "true"})
    assert part.headers["hx-retarget"] == "#notices"
    assert "<html" not in part.text


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_request_under_way_while_one_signs_out_brings_nothing_back(
    make_runtime: Callable[..., Awaitable[Runtime]], redis: Redis, hire: Hire, clock: FrozenClock, *, with_redis: bool
) -> None:
    rt = await make_runtime(redis=redis if with_redis else None)
    sessions = Sessions(rt)
    token, _ = await sessions.open(await hire("Anna"))
    clock.advance(90)
    under_way = await sessions.find(token)
    assert under_way is not None

    await sessions.end(token)

    assert await sessions.touch(token, under_way) is False
    assert await sessions.find(token) is None


async def test_a_copy_that_outlived_the_sign_out_is_found_out_and_removed(
    make_runtime: Callable[..., Awaitable[Runtime]], redis: Redis, hire: Hire, clock: FrozenClock
) -> None:
    rt = await make_runtime(redis=redis)
    sessions = Sessions(rt)
    token, _ = await sessions.open(await hire("Anna"))
    async with rt.store.write() as unit:  # signed out while Redis was away
        await unit.staff.drop_session(rt.tenant_id, token)
    clock.advance(61)
    stale = await sessions.find(token)
    assert stale is not None

    assert await sessions.touch(token, stale) is False
    assert await sessions.find(token) is None


async def test_a_copy_is_not_filled_again_after_the_sign_out(
    make_runtime: Callable[..., Awaitable[Runtime]], redis: Redis, hire: Hire
) -> None:
    rt = await make_runtime(redis=redis)
    sessions = Sessions(rt)
    token, session = await sessions.open(await hire("Anna"))
    await sessions.end(token)

    await sessions._add_copy(token, asdict(session))  # by a request that read the database just before
    await sessions._renew_copy(token, asdict(session))

    assert await sessions.find(token) is None


@pytest.mark.parametrize("part", [True, False])
async def test_a_fault_of_ours_is_a_kind_page_without_its_details(
    rt: Runtime, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, *, part: bool
) -> None:
    browser = await signed_in()

    async def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("concierge_admin.inbox.inbox_rows", fail)
    answer = await browser.get("/admin/", headers={"hx-request": "true"} if part else {})

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret detail" not in answer.text
    assert "content-security-policy" in answer.headers

"""Crowds, floods, slow peers, faults and restarts."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from structlog.testing import capture_logs

from concierge_chat import lookups
from concierge_core.errors import Unavailable
from concierge_core.tenant.channels import Chat, ChatLimits
from concierge_core.testing import said

Open = Callable[..., Awaitable[Any]]


async def test_three_hundred_sockets_behind_one_address_are_fine_while_one_abuser_is_limited(
    server: Any, browse: Open
) -> None:
    guests = [await browse(server) for _ in range(300)]
    for guest in guests:
        await guest.hello()
    abuser = guests.pop()

    for number in range(25):
        await abuser.send("message.send", client_id=f"a{number}", text="spam")
    refused = await abuser.next("error")
    for guest in guests:
        await guest.say("Is the pool open?")

    assert (refused["code"], refused["client_id"]) == ("too_many", "a20")
    assert 1 <= refused["retry_after_seconds"] <= 4
    assert "Please wait" in refused["message"]
    assert all(guest.seen("error") == [] for guest in guests)


async def test_who_asks_for_a_person_over_and_over_is_heard_once_and_can_still_write(guest: Any) -> None:
    for _ in range(8):
        await guest.send("person.request")

    assert (await guest.next("error"))["about"] == "person.request"
    assert len(guest.seen("ownership")) == 1
    await guest.say("Hello?")


async def test_an_address_with_too_many_connections_is_told_to_come_back(
    serve: Open, browse: Open, make_tenant: Any
) -> None:
    server = await serve(make_tenant(chat=Chat(limits=ChatLimits(connections_per_address=2))))
    for _ in range(2):
        await (await browse(server)).hello()

    third = await browse(server)

    assert await third.until_closed() == 1013
    assert third.frames[0]["code"] == "too_many"
    assert third.frames[1]["retry_after_seconds"] > 0


async def test_a_proxys_guests_are_told_apart_only_if_the_proxy_is_trusted(
    serve: Open, browse: Open, make_tenant: Any
) -> None:
    house = make_tenant(chat=Chat(limits=ChatLimits(connections_per_address=1)))
    trusting, wary = await serve(house, trusted_proxies="127.0.0.1"), await serve(house)
    one, two = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "198.51.100.2"}

    await (await browse(trusting, additional_headers=one)).hello()
    await (await browse(trusting, additional_headers=two)).hello()
    await (await browse(wary, additional_headers=one)).hello()

    assert await (await browse(wary, additional_headers=two)).until_closed() == 1013


async def test_a_flood_of_frames_is_read_slowly_and_disturbs_nobody(server: Any, guest: Any, browse: Open) -> None:
    flooder = await browse(server)
    await flooder.hello()
    for _ in range(200):
        await flooder.send("ping")

    await guest.say("Hello?")
    await guest.next("message", author="concierge")
    await asyncio.sleep(0.2)

    assert 30 <= len(await _drained(flooder)) < 60


async def test_a_guest_whose_socket_takes_nothing_is_sent_away_and_finds_everything_on_return(
    server: Any, browse: Open, eventually: Any
) -> None:
    server.desk.slow_after_seconds = 0.3
    reader = await browse(server)
    token = (await reader.hello())["token"]
    stuck = sockets.socket()
    stuck.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    stuck.connect(("127.0.0.1", server.port))
    stuck.setblocking(False)
    await _stuck_hello(stuck, server.port, token)
    here = len(server.desk.presence._here)

    for number in range(19):
        server.concierge.add(*said(*("Lorem ipsum dolor sit amet. " * 60 for _ in range(10))))
        await reader.say("Tell me more", f"c{number}")
        await reader.next("message", author="concierge")

    await eventually(lambda: len(server.desk.presence._here) < here)
    stuck.close()
    assert reader.seqs == list(range(1, 39))
    back = await browse(server)
    await back.hello(token=token)
    await back.next("message", seq=38)
    assert back.seqs == list(range(1, 39))


async def test_with_the_database_away_the_guest_hears_that_nothing_was_sent(
    server: Any, guest: Any, monkeypatch: Any
) -> None:
    with monkeypatch.context() as away:
        away.setattr(server.rt.store, "write", _away)
        await guest.send("message.send", client_id="c1", text="Hello?")
        refused = await guest.next("error")

    assert (refused["code"], refused["client_id"], refused["about"]) == ("unavailable", "c1", "message.send")
    assert "not sent" in refused["message"]
    assert (await guest.say("Hello?"))["duplicate"] is False


async def test_with_the_database_away_an_arriving_guest_is_asked_to_come_back(
    server: Any, browse: Open, monkeypatch: Any
) -> None:
    with monkeypatch.context() as away:
        away.setattr(server.rt.store, "write", _away)
        away.setattr(server.rt.store, "read", _away)
        browser = await browse(server)
        await browser.send("hello")
        code = await browser.until_closed()

    assert (code, [f.get("code") for f in browser.frames]) == (1013, ["unavailable", None])


async def test_a_read_that_fails_for_a_moment_loses_no_message(guest: Any, monkeypatch: Any) -> None:
    real, failures = lookups.messages_after, iter(range(2))

    async def flaky(*arguments: Any) -> Any:
        if next(failures, None) is not None:
            raise Unavailable("database")
        return await real(*arguments)

    monkeypatch.setattr(lookups, "messages_after", flaky)
    await guest.say("One", "c1")
    await guest.next("message", seq=2)
    await guest.say("Two", "c2")
    await guest.next("message", seq=4)

    assert guest.seqs == [1, 2, 3, 4]
    assert next(failures, None) is None


async def test_a_fault_of_ours_costs_the_guest_one_command_and_not_the_connection(guest: Any, monkeypatch: Any) -> None:
    async def broken(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as bug:
        bug.setattr("concierge_core.use_cases.guest.rate", broken)
        with capture_logs() as logged:
            await guest.send("rate", score=5)
            assert (await guest.next("error"))["code"] == "unavailable"

    assert [(line["event"], line["command"]) for line in logged] == [("guest_command_failed", "Rate")]
    await guest.say("Hello?")


async def test_when_the_server_restarts_everybody_is_told_and_loses_nothing(serve: Open, browse: Open) -> None:
    first = await serve()
    guests = [await browse(first) for _ in range(5)]
    tokens = [(await guest.hello())["token"] for guest in guests]
    for guest in guests:
        await guest.say("Hello?")

    await first.stop()
    codes = [await guest.until_closed() for guest in guests]
    second = await serve()
    back = await browse(second)
    await back.hello(token=tokens[0], last_seq=guests[0].seqs[-1] if guests[0].seqs else 0)
    if (guests[0].seqs or [0])[-1] < 2:
        await back.next("message", author="concierge")

    assert codes == [1012] * 5
    assert {guest.frames[-1]["reason"] for guest in guests} == {"restart"}
    assert guests[0].seqs + back.seqs == [1, 2]


async def test_a_guest_with_too_many_tabs_keeps_the_ones_that_are_open(server: Any, guest: Any, browse: Open) -> None:
    token = guest.seen("welcome")[0]["token"]
    tabs = [await browse(server) for _ in range(10)]
    for tab in tabs[:9]:
        await tab.hello(token=token)

    await tabs[9].send("hello", token=token)

    assert await tabs[9].until_closed() == 1013
    await guest.say("Hello?")
    await tabs[0].next("message", seq=2)


async def test_a_house_that_is_closed_for_the_season_says_so_without_a_database(
    serve: Open, browse: Open, make_tenant: Any, closed_until: Any
) -> None:
    server = await serve(make_tenant(suspend=closed_until("2027-04-01")))
    store = server.rt.store
    server.rt.store = NoDatabase()

    browser = await browse(server)
    code = await browser.until_closed()

    server.rt.store = store
    assert code == 1013
    assert browser.frames[0]["code"] == "closed"
    assert "2027" in browser.frames[0]["message"]


@asynccontextmanager
async def _away() -> AsyncIterator[None]:
    raise Unavailable("database")
    yield


class NoDatabase:
    """Nothing here may be asked for anything."""


async def _drained(browser: Any) -> list[dict[str, Any]]:
    frames = []
    async with AsyncExitStack():
        while True:
            try:
                async with asyncio.timeout(0.05):
                    frames.append(json.loads(await browser.line.recv()))
            except TimeoutError:
                return frames


async def _stuck_hello(stuck: sockets.socket, port: int, token: str) -> None:
    """A WebSocket by hand, of which nobody will ever read more than the handshake."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(
        stuck,
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode(),
    )
    assert b"101" in await loop.sock_recv(stuck, 1024)
    payload = json.dumps({"type": "hello", "token": token}).encode()
    # Masked with zeros, which leaves the payload as it is.
    await loop.sock_sendall(stuck, bytes([0x81, 0x80 | 126]) + len(payload).to_bytes(2, "big") + bytes(4) + payload)
    assert await loop.sock_recv(stuck, 100)

"""Whatever a client sends or is: it gets an answer, the connection lives, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

Open = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "malformed"),
        (b"\xff\xfe", "malformed"),
        ("[" * 3000, "malformed"),
        ('{"type":"read","seq":NaN}', "malformed"),
        ('{"type":"ping","extra":1}', "malformed"),
        ('{"type":"shout"}', "unknown_type"),
        ("{}", "unknown_type"),
        ('{"type":"ping","x":"' + "a" * 9000 + '"}', "too_large"),
        ("x" * 60_000, "too_large"),
        ('{"type":"hello"}', "not_hello"),
        ('{"type":"message.send","client_id":"c1","text":"\\u0000 \\u0007"}', "empty"),
        ('{"type":"message.send","client_id":"c1","text":"' + "a" * 5000 + '"}', "too_long"),
    ],
)
async def test_an_unusable_frame_is_answered_and_the_connection_lives(
    guest: Any, frame: str | bytes, code: str
) -> None:
    await guest.line.send(frame)

    assert (await guest.next("error"))["code"] == code
    await guest.say("Still here?")
    assert (await guest.next("message", author="concierge"))["text"] == "You said: Still here?"


async def test_a_word_of_10000_characters_is_refused_by_name(guest: Any) -> None:
    await guest.send("message.send", client_id="long-one", text="a" * 10_000)

    assert (await guest.next("error", client_id="long-one"))["code"] == "too_large"


async def test_control_characters_do_not_reach_the_conversation(guest: Any) -> None:
    await guest.say("a\x00b\x1b[31mc\u202ed")

    assert (await guest.next("message", author="guest"))["text"] == "ab[31mcd"


async def test_a_frame_beyond_all_measure_ends_that_connection_only(guest: Any, server: Any, browse: Open) -> None:
    other = await browse(server)
    await other.hello()
    await guest.line.send("x" * 100_000)

    assert await guest.until_closed() == 1009
    await other.say("Still here?")


async def test_anything_before_hello_is_refused_and_hello_still_welcome(server: Any, browse: Open) -> None:
    browser = await browse(server)
    await browser.send("message.send", client_id="c1", text="hi")

    assert (await browser.next("error"))["code"] == "not_hello"
    await browser.hello()


async def test_who_does_not_say_hello_in_time_is_sent_away(server: Any, browse: Open) -> None:
    server.desk.hello_timeout_seconds = 0.2
    browser = await browse(server)

    assert await browser.until_closed() == 1008
    assert [f["type"] for f in browser.frames] == ["error", "bye"]


async def test_a_wrong_token_is_told_so_and_nothing_is_created(server: Any, browse: Open) -> None:
    browser = await browse(server)
    await browser.send("hello", token="never-given")

    assert (await browser.next("error"))["code"] == "bad_token"
    assert await browser.until_closed() == 1008
    async with server.rt.store.read() as unit:
        assert await unit.conversations.inbox(server.rt.tenant_id) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_foreign_page_is_refused_before_the_handshake(server: Any, browse: Open, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await browse(server, origin=origin)

    assert refused.value.response.status_code == 403


async def test_an_allowed_website_and_a_program_without_origin_are_welcome(
    serve: Open, browse: Open, make_tenant: Any, make_widget: Any
) -> None:
    server = await serve(make_tenant(widget=make_widget(["https://www.hotel.example"])))

    await (await browse(server, origin="https://www.hotel.example")).hello()
    await (await browse(server, origin=None)).hello()


async def test_a_plain_request_to_the_socket_is_not_an_error_of_ours(http: Any) -> None:
    assert (await http.get("/ws")).status_code in (404, 426)


async def test_a_socket_that_ends_in_mid_sentence_leaves_nothing_behind(server: Any, eventually: Any) -> None:
    async with connect(f"ws://127.0.0.1:{server.port}/ws", origin=server.url) as socket:
        await socket.send(json.dumps({"type": "hello"}))
        await socket.recv()
        socket.transport.abort()

    await eventually(lambda: not server.desk.presence._here and not server.rt.broadcast._hub._queues)

"""From the model's first complete sentence to the guest's socket, beside the same LangChain stream read directly.

A local Gemini server speaks a fixed text at 50 tokens/s and notes when the last piece of the first sentence left. Both
sides are timed from that moment: ours until `reply.delta` is read from the guest's WebSocket (check, storage, fan-out
and all), the rival until LangChain's `astream` has given the sentence to a bare loop. Server, guests and product are
three processes on two cores.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from concierge_simulators.gemini import GeminiServer
from concierge_simulators.gemini_script import Behaviour
from guest_client import Guest
from processes import cpu_seconds, family
from running_house import House, start_house
from unlimited import unlimited_manifest

TITLE = "From the model's first complete sentence to the guest's socket (local Gemini server, 50 tokens/s)"
CHATS = 100
PER_SECOND = 10
LOADED_TURNS = 300
SINGLE_TURNS = 30
REPLY = (
    "For breakfast please come to the garden room on the ground floor between 7:30 and 10:00. Our hosts like to see "
    "you there. Children are very welcome too. Do tell us if you would rather have something warm, and we will gladly "
    "see what we can do for you in the morning, whether you are early or late."
)
FIRST_SENTENCE = REPLY.split(". ")[0] + "."
_REFERENCE = re.compile(r"ref(\d{6})")


def measure() -> dict[str, Any]:
    """One guest, then a hundred chats; ours and the rival at each."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,))
    server.start()
    url = here.recv()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(Path(folder), url, here)
    finally:
        here.send("stop")
        server.join(20)


def _measure(folder: Path, url: str, server: Connection) -> dict[str, Any]:
    env = {"GEMINI_API_KEY": "bench", "CONCIERGE_GEMINI_BASE_URL": url}
    house = start_house(folder, [unlimited_manifest(folder)], folder / "data", env)
    result: dict[str, Any] = {}
    for name, chats, turns in (("one_guest", 1, SINGLE_TURNS), ("hundred_chats", CHATS, LOADED_TURNS)):
        ours = asyncio.run(_ours(house, chats, turns))
        rival = _in_a_process(url, chats, turns)
        sent = _sent(server)
        result[name] = {
            "ours_ms": _delays(ours["seen"], sent),
            "langchain_ms": _delays(rival["seen"], sent),
            "ours_cpu_ms_per_turn": ours["cpu_ms_per_turn"],
            "langchain_cpu_ms_per_turn": rival["cpu_ms_per_turn"],
            "turns": turns,
        }
    house.stop()
    return result


def _serve(pipe: Connection) -> None:
    asyncio.run(_serve_until_told(pipe))


async def _serve_until_told(pipe: Connection) -> None:
    server = GeminiServer(first_token_seconds=0.2, tokens_per_second=50)
    server.script.always(Behaviour(text=REPLY))
    async with server:
        pipe.send(server.url)
        while (await asyncio.to_thread(pipe.recv)) != "stop":
            pipe.send({_reference(r.body): _complete_at(r.sent) for r in server.requests})
            server.requests.clear()


def _reference(body: dict[str, Any]) -> str:
    found = _REFERENCE.findall(json.dumps(body))
    return found[-1] if found else ""


def _complete_at(sent: list[tuple[float, str]]) -> float | None:
    text = ""
    for at, piece in sent:
        text += piece
        if FIRST_SENTENCE in text:
            return at
    return None


def _sent(server: Connection) -> dict[str, float]:
    server.send("report")
    return {k: v for k, v in server.recv().items() if v is not None}


def _delays(seen: dict[str, float], sent: dict[str, float]) -> list[float]:
    return sorted((seen[k] - sent[k]) * 1000 for k in seen.keys() & sent.keys())


async def _ours(house: House, chats: int, turns: int) -> dict[str, Any]:
    web = next(p for p in family(house.process.pid) if p.command == "concierge_cli.web")
    guests = [Guest(house.url) for _ in range(chats)]
    seen: dict[str, float] = {}

    async def turn(chat: int, reference: str) -> None:
        await guests[chat].write(f"When is breakfast? ref{reference}")
        delta = await guests[chat].frame("reply.delta")
        seen[reference] = time.monotonic()
        assert delta["text"].strip() == FIRST_SENTENCE, delta
        message = await guests[chat].reply()
        assert message["rung"] == "gemini", message

    async with AsyncExitStack() as sockets:
        for guest in guests:
            await sockets.enter_async_context(guest.connected())
        await _until_gemini_speaks(guests[0])
        await turn(0, "900000")  # connections, caches
        before = cpu_seconds(web.pid)
        await _paced(turn, chats, turns, base=100_000 * (chats > 1))
        cpu = cpu_seconds(web.pid) - before
    return {"seen": seen, "cpu_ms_per_turn": cpu / turns * 1000}


async def _until_gemini_speaks(guest: Guest) -> None:
    """Until the model's client is imported, beside the first seconds of service, the embedded answerer speaks."""
    while True:
        await guest.write("When is breakfast?")
        if (await guest.reply())["rung"] == "gemini":
            return


async def _paced(turn: Callable[[int, str], Awaitable[None]], chats: int, turns: int, *, base: int) -> None:
    """One after the other for a single guest; else at random times, each chat one turn at a time."""
    if chats == 1:
        for number in range(turns):
            await turn(0, f"{base + number:06d}")
        return
    dice = random.Random(7)
    locks = [asyncio.Lock() for _ in range(chats)]

    async def later(number: int, delay: float) -> None:
        await asyncio.sleep(delay)
        async with locks[number % chats]:
            await turn(number % chats, f"{base + number:06d}")

    await asyncio.gather(*(later(n, dice.uniform(0, turns / PER_SECOND)) for n in range(turns)))


def _in_a_process(url: str, chats: int, turns: int) -> dict[str, Any]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    rival = multiprocessing.get_context("spawn").Process(target=_rival, args=(there, url, chats, turns))
    rival.start()
    result: dict[str, Any] = here.recv()
    rival.join(20)
    return result


def _rival(pipe: Connection, url: str, chats: int, turns: int) -> None:
    pipe.send(asyncio.run(_bare_stream(url, chats, turns)))


async def _bare_stream(url: str, chats: int, turns: int) -> dict[str, Any]:
    import os

    from langchain_google_genai import ChatGoogleGenerativeAI

    model = ChatGoogleGenerativeAI(model="gemini-3.5-flash", google_api_key="bench", base_url=url)
    seen: dict[str, float] = {}

    async def turn(_chat: int, reference: str) -> None:
        text = ""
        async for chunk in model.astream(f"When is breakfast? ref{reference}"):
            text += str(chunk.text)
            if reference not in seen and FIRST_SENTENCE in text:
                seen[reference] = time.monotonic()

    await turn(0, "910000")
    before = cpu_seconds(os.getpid())
    await _paced(turn, chats, turns, base=500_000 + 100_000 * (chats > 1))
    return {"seen": seen, "cpu_ms_per_turn": (cpu_seconds(os.getpid()) - before) / turns * 1000}


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Medians and tails, ours less the rival's; processor time per turn."""
    table = []
    for name in ("one_guest", "hundred_chats"):
        load = raw[name]
        ours, rival = load["ours_ms"], load["langchain_ms"]
        added = statistics.median(ours) - statistics.median(rival)
        label = name.replace("_", " ")
        table += [
            (f"{label}: ours, median / p99", f"{statistics.median(ours):.1f} / {_p99(ours):.1f} ms", ""),
            (f"{label}: LangChain alone, median / p99", f"{statistics.median(rival):.1f} / {_p99(rival):.1f} ms", ""),
            (f"{label}: added, median", f"{added:.1f} ms", "≤ 20 ms"),
            (f"{label}: added, p99", f"{_p99(ours) - _p99(rival):.1f} ms", "≤ 60 ms"),
            (
                f"{label}: processor per turn, ours / LangChain",
                f"{load['ours_cpu_ms_per_turn']:.0f} / {load['langchain_cpu_ms_per_turn']:.0f} ms",
                "",
            ),
        ]
    return table


def _p99(values: list[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.99))]

"""From the model's first complete sentence to the guest's socket, beside the same LangChain stream read directly.

A local Gemini server speaks a fixed text at 50 tokens/s and notes when the last piece of the first sentence left.
Both sides are timed from that moment: ours until `reply.delta` is read from the guest's WebSocket (check, storage,
fan-out and all), the rival until LangChain's `astream` has given the sentence to a bare loop. Both get the same
questions at the same (random) times, one after the other, in several rounds; each figure is the median of the rounds.
Server, guests and product are processes beside each other: on two cores ours has one neighbour more than the rival.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
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
SINGLE_TURNS = 15
ROUNDS = 3
REPLY = (
    "For breakfast please come to the garden room on the ground floor between 7:30 and 10:00. Our hosts like to see "
    "you there. Children are very welcome too. Do tell us if you would rather have something warm, and we will gladly "
    "see what we can do for you in the morning, whether you are early or late."
)
FIRST_SENTENCE = REPLY.split(". ")[0] + "."
_WARM_UP = "999999"
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
        result[name] = [_round(house, url, server, chats, turns, seed) for seed in range(ROUNDS)]
    house.stop()
    return result


def _round(house: House, url: str, server: Connection, chats: int, turns: int, seed: int) -> dict[str, Any]:
    load = os.getloadavg()[0]
    ours = asyncio.run(_ours(house, chats, turns, seed))
    ours_ms = _delays(ours["seen"], _sent(server))
    rival = _in_a_process(url, chats, turns, seed)
    langchain_ms = _delays(rival["seen"], _sent(server))
    return {
        "ours_ms": ours_ms,
        "langchain_ms": langchain_ms,
        "ours_cpu_ms_per_turn": ours["cpu_ms_per_turn"],
        "langchain_cpu_ms_per_turn": rival["cpu_ms_per_turn"],
        "turns": turns,
        "machine_load_before": load,
    }


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
    return sorted(round((at - sent[reference]) * 1000, 3) for reference, at in seen.items())


async def _ours(house: House, chats: int, turns: int, seed: int) -> dict[str, Any]:
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
        await turn(0, _WARM_UP)
        del seen[_WARM_UP]
        _pause_less()
        before = cpu_seconds(web.pid)
        await _paced(turn, chats, turns, seed)
        cpu = cpu_seconds(web.pid) - before
    return {"seen": seen, "cpu_ms_per_turn": cpu / turns * 1000}


async def _until_gemini_speaks(guest: Guest) -> None:
    """Until the model's client is imported, beside the first seconds of service, the embedded answerer speaks."""
    while True:
        await guest.write("When is breakfast?")
        if (await guest.reply())["rung"] == "gemini":
            return


async def _paced(turn: Callable[[int, str], Awaitable[None]], chats: int, turns: int, seed: int) -> None:
    """One after the other for a single guest; else at random times, each chat one turn at a time."""
    if chats == 1:
        for number in range(turns):
            await turn(0, f"{number:06d}")
        return
    dice = random.Random(seed)
    locks = [asyncio.Lock() for _ in range(chats)]

    async def later(number: int, delay: float) -> None:
        await asyncio.sleep(delay)
        async with locks[number % chats]:
            await turn(number % chats, f"{number:06d}")

    await asyncio.gather(*(later(n, dice.uniform(0, turns / PER_SECOND)) for n in range(turns)))


def _in_a_process(url: str, chats: int, turns: int, seed: int) -> dict[str, Any]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    rival = multiprocessing.get_context("spawn").Process(target=_rival, args=(there, url, chats, turns, seed))
    rival.start()
    result: dict[str, Any] = here.recv()
    rival.join(20)
    return result


def _rival(pipe: Connection, url: str, chats: int, turns: int, seed: int) -> None:
    pipe.send(asyncio.run(_bare_stream(url, chats, turns, seed)))


async def _bare_stream(url: str, chats: int, turns: int, seed: int) -> dict[str, Any]:
    from langchain_google_genai import ChatGoogleGenerativeAI

    model = ChatGoogleGenerativeAI(model="gemini-3.5-flash", google_api_key="bench", base_url=url)
    seen: dict[str, float] = {}

    async def turn(_chat: int, reference: str) -> None:
        text = ""
        async for chunk in model.astream(f"When is breakfast? ref{reference}"):
            text += str(chunk.text)
            if reference not in seen and FIRST_SENTENCE in text:
                seen[reference] = time.monotonic()

    await turn(0, _WARM_UP)
    del seen[_WARM_UP]
    _pause_less()
    before = cpu_seconds(os.getpid())
    await _paced(turn, chats, turns, seed)
    return {"seen": seen, "cpu_ms_per_turn": (cpu_seconds(os.getpid()) - before) / turns * 1000}


def _pause_less() -> None:
    """No pause of the garbage collector in the process that reads the clock: it would be booked to what is measured."""
    gc.collect()
    gc.freeze()


def rows(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Medians and tails, ours less the rival's; processor time per turn. The median of the rounds, of each."""
    table = []
    for name in ("one_guest", "hundred_chats"):
        label, rounds = name.replace("_", " "), raw[name]
        ours, rival = (_times(rounds, side) for side in ("ours_ms", "langchain_ms"))
        cpu = [_typical(rounds, lambda r, s=side: r[f"{s}_cpu_ms_per_turn"]) for side in ("ours", "langchain")]
        added = [_typical(rounds, lambda r, f=figure: f(r["ours_ms"]) - f(r["langchain_ms"])) for figure in _FIGURES]
        table += [
            (f"{label}: ours, median / p99", f"{ours[0]:.1f} / {ours[1]:.1f} ms", ""),
            (f"{label}: LangChain alone, median / p99", f"{rival[0]:.1f} / {rival[1]:.1f} ms", ""),
            (f"{label}: added, median", f"{added[0]:.1f} ms", "≤ 20 ms"),
            (f"{label}: added, p99", f"{added[1]:.1f} ms", "≤ 60 ms"),
            (f"{label}: processor per turn, ours / LangChain", f"{cpu[0]:.0f} / {cpu[1]:.0f} ms", ""),
        ]
    return table


def _times(rounds: list[dict[str, Any]], side: str) -> list[float]:
    return [_typical(rounds, lambda r, f=figure: f(r[side])) for figure in _FIGURES]


def _typical(rounds: list[dict[str, Any]], figure: Callable[..., float]) -> float:
    return statistics.median(figure(each) for each in rounds)


def _p99(values: list[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.99))]


_FIGURES: tuple[Callable[[list[float]], float], ...] = (statistics.median, _p99)

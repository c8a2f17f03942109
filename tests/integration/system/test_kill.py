"""Kill -9 of what serves the guests, while they wait: nothing acknowledged is lost or doubled, everyone is answered."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

GUESTS = 20
MESSAGES = 3


def children(house, word: str) -> list[int]:
    """Processes of this house whose command line has the word."""
    found = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]
    rows = [line.split(None, 2) for line in found]
    family = {house.process.pid}
    for _ in range(4):
        family |= {int(pid) for pid, ppid, _ in rows if int(ppid) in family}
    return [int(pid) for pid, _, args in rows if int(pid) in family and word in args and int(pid) != house.process.pid]


async def persistent(guest, texts: list[str]) -> None:
    """A browser: it keeps what is not acknowledged and sends it again, under the same id, until it is answered."""
    pending = {f"m{i}": text for i, text in enumerate(texts)}
    while True:
        try:
            async with guest.connected():
                for client_id, text in list(pending.items()):
                    await guest.write(text, client_id)
                    pending.pop(client_id)
                while not answered(guest, len(texts)):
                    await guest.frame("message", seconds=60)
                return
        except (ConnectionClosed, InvalidHandshake, OSError, EOFError):
            await asyncio.sleep(0.2)


def answered(guest, count: int) -> bool:
    """Every message is stored, and the last thing said is not the guest's."""
    mine = [m for m in guest.seen if m["author"] == "guest"]
    return len({m["seq"] for m in mine}) == count and max(guest.seen, key=lambda m: m["seq"])["author"] != "guest"


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("victim", "model"), [("web", "gemini"), ("web", ""), ("valkey", ""), ("worker", "")])
async def test_no_acknowledged_message_is_lost_or_doubled(start_house, start_gemini, guest_of, victim, model):
    # With a model that takes its time, replies are being spoken when the process dies.
    env = {"GEMINI_API_KEY": "loopback", "CONCIERGE_GEMINI_BASE_URL": start_gemini(20)} if model else {}
    house = start_house("minimal.yaml", env=env)
    guests = [guest_of(house.url) for _ in range(GUESTS)]
    questions = ["When is breakfast?", "Is there parking?", "What time is check-out?"][:MESSAGES]
    talks = [asyncio.create_task(persistent(g, questions)) for g in guests]
    await asyncio.sleep(0)
    while not any(g.seen for g in guests):
        await asyncio.sleep(0.01)  # a condition, not a delay: somebody has begun to talk
    (pid, *_) = children(house, victim)
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(200):
        await asyncio.gather(*talks)

    for guest in guests:
        stored = sorted({m["seq"]: m for m in guest.seen}.items())
        assert [seq for seq, _ in stored] == list(range(1, len(stored) + 1))
        mine = [m["text"] for _, m in stored if m["author"] == "guest"]
        assert mine == questions
    replies = sum(m["author"] == "concierge" for g in guests for m in {m["seq"]: m for m in g.seen}.values())
    told = f"{GUESTS} guests, {GUESTS * MESSAGES} messages, {replies} replies, 0 lost, 0 doubled"
    print(f"killed {victim} ({model or 'embedded'}): {told}")
    house.stop()

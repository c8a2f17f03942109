"""The end of `concierge up` while guests and staff are connected: quick, orderly, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

GUESTS = 20
USUALLY_SECONDS = 3.0
"""What it takes on a machine with nothing else to do; asserted is only that no bound was waited for."""


@asynccontextmanager
async def everybody_is_here(house, guest_of) -> AsyncIterator[list]:
    """Guests on their sockets, a dashboard on its live connection."""
    async with AsyncExitStack() as stack:
        guests = [await stack.enter_async_context(guest_of(house.url).connected()) for _ in range(GUESTS)]
        staff = await stack.enter_async_context(
            httpx.AsyncClient(base_url=house.url, headers={"sec-fetch-site": "same-origin"}, trust_env=False)
        )
        token = (await staff.get("/admin/login")).text.split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"email": house.email, "password": house.password, "csrf_token": token}
        assert (await staff.post("/admin/login", data=fields)).status_code == 303
        live = await stack.enter_async_context(staff.stream("GET", "/admin/events"))
        assert await anext(live.aiter_lines()) == "retry: 2000"
        yield guests


def running(pids: list[int]) -> list[int]:
    """Those that are more than an entry nobody has collected."""
    return [pid for pid in pids if _state(pid) not in ("", "Z")]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.timeout(240)
async def test_ctrl_c_with_everybody_connected_ends_quickly_and_leaves_nobody(
    start_house, family_of, guest_of, eventually
):
    house = await asyncio.to_thread(start_house, "minimal.yaml")
    family = family_of(house.process.pid)
    await asyncio.to_thread(eventually, lambda: family.with_word("beat_clock") and family.with_word("worker"))
    await asyncio.to_thread(eventually, lambda: "worker_ready" in _log(house, "worker"))
    async with everybody_is_here(house, guest_of) as guests:
        members = family.members()
        house.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        byes = await asyncio.gather(*(guest.frame("bye") for guest in guests))
        code = await asyncio.to_thread(house.process.wait, 30)
        seconds = time.monotonic() - began

    print(f"Ctrl-C with {GUESTS} guests and a dashboard: {seconds:.1f} s (usually under {USUALLY_SECONDS} s)")
    assert code == 0
    assert {bye["reason"] for bye in byes} == {"restart"}
    assert seconds < 10
    assert "was killed" not in house.output()
    assert running(members) == []


@pytest.mark.timeout(240)
async def test_when_the_supervisor_itself_is_killed_everything_ends_by_itself(
    start_house, family_of, guest_of, eventually
):
    house = await asyncio.to_thread(start_house, "minimal.yaml")
    family = family_of(house.process.pid)
    await asyncio.to_thread(eventually, lambda: family.with_word("beat_clock") and family.with_word("worker"))
    async with everybody_is_here(house, guest_of) as guests:
        members = family.members()
        house.process.kill()
        began = time.monotonic()
        byes = await asyncio.gather(*(guest.frame("bye") for guest in guests))
        await asyncio.to_thread(eventually, lambda: not running([pid for pid in members if pid != house.process.pid]))
        seconds = time.monotonic() - began
        house.process.wait()

    print(f"supervisor killed: its last part had ended after {seconds:.1f} s")
    assert len(byes) == GUESTS


@pytest.mark.timeout(240)
async def test_a_web_process_that_hangs_is_killed_after_the_bound_that_was_said(start_house, family_of):
    house = await asyncio.to_thread(start_house, "minimal.yaml")
    family = family_of(house.process.pid)
    (web,) = family.with_word("concierge_cli.web")
    members = family.members()
    os.kill(web, signal.SIGSTOP)

    house.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    code = await asyncio.to_thread(house.process.wait, 30)

    assert code == 0
    assert time.monotonic() - began < 20
    assert "Stopping … (15 s at most" in house.output()
    assert "web did not end within 12 s and was killed" in house.output()
    assert running(members) == []


def _log(house, part: str) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in house.data.rglob(f"{part}.log"))

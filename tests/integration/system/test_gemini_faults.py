"""Whatever Gemini does, the guest of a really running property gets an honest reply, in time."""

from __future__ import annotations

import httpx
import pytest

FAULTS = ["rate_limited", "server_error", "hang", "stall", "cut", "garbage", "empty", "blocked", "tool_loop"]


async def test_every_fault_of_gemini_still_ends_in_the_propertys_own_words(start_house, start_gemini, guest_of):
    gemini = start_gemini(50)
    house = start_house("minimal.yaml", env={"GEMINI_API_KEY": "loopback", "CONCIERGE_GEMINI_BASE_URL": gemini})
    await _until_gemini_speaks(house, guest_of)
    async with httpx.AsyncClient() as control:
        for fault in FAULTS:
            await control.put(f"{gemini}/control", json={"fault": fault})
            reply = await _ask(house, guest_of)

            assert reply["rung"] == "embedded", fault
            assert "7:30" in reply["text"], fault
    house.stop()


async def _until_gemini_speaks(house, guest_of) -> None:
    """Its client is imported beside the first seconds of service; till then the embedded answerer speaks."""
    for _ in range(300):
        if (await _ask(house, guest_of))["rung"] == "gemini":
            return
    pytest.fail("Gemini never spoke")


async def _ask(house, guest_of):
    async with guest_of(house.url).connected() as guest:
        await guest.write("When is breakfast served?")
        return await guest.reply()

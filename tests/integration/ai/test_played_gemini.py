"""The Gemini simulator speaks the real wire format: the real client understands it, streamed or not."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

import httpx
import pytest
from langchain_google_genai import ChatGoogleGenerativeAI
from pydantic import SecretStr

from concierge_simulators.gemini import GeminiServer
from concierge_simulators.gemini_script import Behaviour, Fault

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


def client(url: str) -> ChatGoogleGenerativeAI:
    return ChatGoogleGenerativeAI(
        model="gemini-3.5-flash", google_api_key=SecretStr("k"), base_url=url, max_retries=1, vertexai=False
    )


async def test_a_whole_answer_and_a_streamed_one_say_the_same_and_count_their_tokens() -> None:
    async with GeminiServer() as server:
        server.script.always(Behaviour(text="Seven to ten thirty."))
        chat = client(server.url)
        whole = await chat.ainvoke("When?")
        streamed = [chunk async for chunk in chat.astream("When?")]
        assert whole.text == "".join(c.text for c in streamed) == "Seven to ten thirty."
        assert whole.usage_metadata is not None
        assert whole.usage_metadata["output_tokens"] == 4
        assert [r.streamed for r in server.requests] == [False, True]
        assert all(r.has_key for r in server.requests)
        assert "STOP" in [c.response_metadata.get("finish_reason") for c in streamed]


async def test_speed_and_first_token_are_as_told() -> None:
    async with GeminiServer(first_token_seconds=0.2, tokens_per_second=20) as server:
        server.script.always(Behaviour(text="one two three four five"))
        came = [time.monotonic() async for _ in client(server.url).astream("?")]
        (asked,) = server.requests
    left = [at for at, _ in asked.sent]
    assert 0.2 <= left[0] - asked.at < 0.5
    assert left[-1] - asked.at >= 0.2 + 4 / 20
    assert came[0] < left[-1], "the first is read while the last is still to be spoken"


async def test_a_running_one_can_be_told_to_fail_and_to_stop_failing() -> None:
    async with GeminiServer() as server, httpx.AsyncClient(base_url=server.url) as http:
        await http.put("/control", content=json.dumps({"fault": "rate_limited", "retry_after": 7}))
        refused = await http.post("/v1beta/models/m:generateContent", json={"contents": []})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
        await http.put("/control", content="{}")
        assert (await http.post("/v1beta/models/m:generateContent", json={"contents": []})).status_code == 200
        assert (await http.get("/elsewhere")).status_code == 404


async def test_behaviours_for_one_request_come_before_those_for_all_and_know_their_model() -> None:
    async with GeminiServer() as server, httpx.AsyncClient(base_url=server.url) as http:
        server.script.always(Behaviour(fault=Fault.SERVER_ERROR), model="a")
        server.script.once(Behaviour(fault=Fault.UNAVAILABLE), model="a")

        async def status(model: str) -> int:
            return (await http.post(f"/v1beta/models/{model}:generateContent", json={"contents": []})).status_code

        assert [await status(m) for m in ("b", "a", "a")] == [200, 503, 500]


async def test_it_runs_as_a_program_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "concierge_simulators.gemini", "--first-token", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            said = (await process.stdout.readline()).decode()
        url = re.search(r"http://\S+", said)
        assert url is not None
        async with httpx.AsyncClient(base_url=url[0]) as http:
            answer = await http.post("/v1beta/models/m:streamGenerateContent?alt=sse", json={"contents": []})
            assert answer.text.startswith("data: {")
    finally:
        process.terminate()
        await process.wait()

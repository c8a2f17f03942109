"""`concierge up`: run properties on this machine, each with its web process, worker and beat, and one Valkey for all.

The supervisor itself stays small: it loads the YAML to say early what is wrong with it, then only watches.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from concierge_cli import port_choice
from concierge_cli.announcement import FD_VARIABLE, Announcement, understand
from concierge_cli.child import Child, python
from concierge_cli.place import Place
from concierge_cli.printing import say, welcome
from concierge_cli.valkey import BundledValkey
from concierge_core.errors import ConciergeError, InvalidInput, TenantFileError
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files


@dataclass
class House:
    """One property on this machine: its place, its port, its running parts."""

    loaded: LoadedTenant
    place: Place
    port: int
    lock: IO[str]
    children: list[Child] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The property's code."""
        return self.loaded.tenant.spec.property.code


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C; 0 after an orderly end, 2 when it can't be."""
    try:
        houses = _houses(arguments)
    except ConciergeError as error:
        print(error, file=sys.stderr)
        return 2
    return asyncio.run(_Supervisor(arguments, houses).run())


def _houses(arguments: argparse.Namespace) -> list[House]:
    loaded = load_tenant_files(arguments.files)
    _refuse_crowded_files(loaded)
    _refuse_missing_secrets_file(arguments.secrets)
    places = [Place.of(arguments.data, each.tenant.spec.property.code) for each in loaded]
    locks = [place.hold() for place in places]
    ports = port_choice.choose(arguments.host, arguments.port, len(loaded))
    return [House(*each) for each in zip(loaded, places, ports, locks, strict=True)]


def _refuse_crowded_files(loaded: Sequence[LoadedTenant]) -> None:
    for each in loaded:
        if sum(other.source == each.source for other in loaded) > 1:
            raise TenantFileError(f"{each.source}: holds several properties; give each its own file for concierge up.")


def _refuse_missing_secrets_file(path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise InvalidInput(
            "secrets", f"{path}: there is no such file; name the YAML with your secrets, or leave it out."
        )


class _Supervisor:
    """Starts everything in order, watches, and stops everything in order."""

    def __init__(self, arguments: argparse.Namespace, houses: list[House]) -> None:
        self._arguments = arguments
        self._houses = houses
        self._valkey: Child | None = None
        self._tasks: dict[asyncio.Task[int], Child] = {}
        self._told_to_stop = asyncio.Event()

    async def run(self) -> int:
        """Until a signal comes, or a part says that it can't be."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._told_to_stop.set)
        try:
            return await self._until_told(asyncio.create_task(self._start_all()))
        except InvalidInput as error:
            print(error, file=sys.stderr)
            return 2
        finally:
            await self._stop_all()

    async def _until_told(self, starting: asyncio.Task[None]) -> int:
        told = asyncio.create_task(self._told_to_stop.wait())
        while True:
            await asyncio.wait({told, starting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                starting.cancel()
                say("Stopping …")
                return 0
            if ended := next((t for t in self._tasks if t.done()), None):
                starting.cancel()
                return self._explain(self._tasks[ended])
            if starting.done():
                starting.result()
                starting = asyncio.create_task(_never())

    def _explain(self, child: Child) -> int:
        print(child.last_line or f"{child.name} can't be started.", file=sys.stderr)
        return 2

    async def _start_all(self) -> None:
        redis_url = await self._redis_url()
        for house in self._houses:
            news = await self._start(house, redis_url)
            welcome(house.loaded, house.place, f"http://localhost:{house.port}", news)
        say("Press Ctrl-C to stop.")

    async def _redis_url(self) -> str:
        given = os.environ.get("REDIS_URL")
        if given:
            return given
        folder = self._houses[0].place.folder
        valkey = BundledValkey(folder / "valkey", port_choice.any_free())
        self._launch(self._child("valkey", valkey.command, self._houses[0], {}))
        await valkey.wait_until_ready()
        return valkey.url

    async def _start(self, house: House, redis_url: str) -> Announcement:
        environment = self._environment(house, redis_url)
        reading, writing = os.pipe()
        arguments = ("--host", self._arguments.host, "--port", str(house.port))
        web = self._child(
            "web", python("concierge_cli.web", *arguments), house, {**environment, FD_VARIABLE: str(writing)}, writing
        )
        self._launch(web)
        news = await _first_line(reading)
        if news.error is not None:
            raise InvalidInput("web", news.error)
        for name, module in (("worker", "concierge_core.work.worker"), ("beat", "concierge_core.work.beat")):
            self._launch(self._child(name, python(module), house, environment))
        return news

    def _environment(self, house: House, redis_url: str) -> dict[str, str]:
        ours = {
            "CONCIERGE_TENANT_FILE": str(house.loaded.source.resolve()),
            "CONCIERGE_DATA_DIR": str(house.place.folder),
            "CONCIERGE_AI_URL": f"unix:{house.place.ai_socket()}",
            "CONCIERGE_INTERNAL_TOKEN": secrets.token_urlsafe(32),
            "CONCIERGE_PUBLIC_URL": os.environ.get("CONCIERGE_PUBLIC_URL", f"http://localhost:{house.port}"),
            "REDIS_URL": redis_url,
            # glibc keeps an arena per thread; two are plenty for processes that mostly wait.
            "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
        }
        if self._arguments.secrets is not None:
            ours["CONCIERGE_SECRETS_FILE"] = str(self._arguments.secrets.resolve())
        return {**os.environ, **ours}

    def _child(self, name: str, command: object, house: House, environment: dict[str, str], *pass_fds: int) -> Child:
        several = len(self._houses) > 1 and name != "valkey"
        return Child(
            f"{house.code} {name}" if several else name,
            command,  # type: ignore[arg-type]  # a callable that gives the command line
            environment=environment or dict(os.environ),
            log=house.place.logs / f"{name}.log",
            say=say,
            verbose=self._arguments.verbose,
            pass_fds=pass_fds,
        )

    def _launch(self, child: Child) -> None:
        self._tasks[asyncio.create_task(child.run())] = child

    async def _stop_all(self) -> None:
        """Guests' processes first, Valkey last."""
        children = list(self._tasks.values())
        await asyncio.gather(*(c.stop() for c in children if c.name != "valkey"))
        await asyncio.gather(*(c.stop() for c in children if c.name == "valkey"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for house in self._houses:
            house.lock.close()


async def _never() -> None:
    await asyncio.Event().wait()


async def _first_line(reading: int) -> Announcement:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0))
    return understand(await reader.readline())

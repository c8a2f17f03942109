"""How every app runs as a server: the one runner of `concierge-chat`, `-ai`, `-voice`, `-admin` and the web process.

Told to stop (SIGTERM, SIGINT), a process says farewell to live connections, lets requests under way finish, gives its
unfinished turns back so that another process takes them at once, and ends: within `STOP_SECONDS`, come what may.

Exit codes: 0 told to stop; 2 it can't begin, and one sentence on stderr says why; 1 it ended by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from concierge_core import collector, telemetry
from concierge_core.errors import ConciergeError, InvalidInput
from concierge_core.open_runtime import closed_runtime, load_tenant, open_runtime
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.tenant.loader import LoadedTenant

log = structlog.get_logger()
CANNOT_BE = 2
STOP_SECONDS = 10.0
"""From the signal to the end: farewells, requests, then turns (`TurnRunner.give_back`), each with its own bound."""
_FAREWELL_SECONDS = 1.5
_REQUEST_SECONDS = 5

Farewell = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Served:
    """An app and how it is served. `farewells` run while its connections are still open; `options` are uvicorn's."""

    app: FastAPI
    farewells: Sequence[Farewell] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """What every server process begins with. `stop` is set by SIGTERM and SIGINT."""

    settings: Settings
    loaded: LoadedTenant
    stop: asyncio.Event


def run_app(
    service: str,
    serve_with: Callable[[Runtime], Served],
    *,
    port: int,
    answers: bool = True,
    may_be_closed: bool = False,
) -> None:
    """`concierge-SERVICE [--host] [--port]`: one app of one property, for as long as the process lives.

    `may_be_closed`: it takes `--closed` as well, and then needs neither database nor Redis nor secrets.
    """
    arguments = _arguments(service, port, may_be_closed=may_be_closed)

    def opened(process: Process) -> AbstractAsyncContextManager[Runtime]:
        if may_be_closed and arguments.closed:
            return closed_runtime(process.settings, loaded=process.loaded)
        return open_runtime(process.settings, answers=answers, loaded=process.loaded)

    async def work(process: Process) -> bool:
        listening = bound(arguments.host, arguments.port)
        async with opened(process) as runtime:
            served = serve_with(runtime)
            config = uvicorn.Config(served.app, **server_options(process.settings) | served.options)
            server = Server(config, listening, farewells=served.farewells)
            return await serve([server], process.stop, once_started=collector.begin_to_serve)

    run_process(service, work)


def run_process(
    service: str,
    work: Callable[[Process], Coroutine[Any, Any, bool]],
    *,
    cannot_be: Callable[[ConciergeError], str] = str,
) -> None:
    """Run `work` until it is over, and leave with the exit code: it returns whether it was told to stop.

    `cannot_be` puts what keeps the process from serving into one sentence.
    """
    try:
        settings = Settings()
        loaded = load_tenant(settings)
        telemetry.set_up(settings, service=service, tenant=loaded.tenant.spec.property.code)
        with asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner:
            told = runner.run(_listening_to_signals(work, settings, loaded))
    except ConciergeError as error:
        print(cannot_be(error), file=sys.stderr)
        raise SystemExit(CANNOT_BE) from None
    raise SystemExit(0 if told else 1)


def server_options(settings: Settings) -> dict[str, Any]:
    """uvicorn's, as every server here has them. `X-Forwarded-*` is believed from `trusted_proxies` only, which a
    property behind a TLS-terminating proxy needs; uvicorn alone would believe all of loopback. No WebSockets unless
    the app brings its own options for them.
    """
    proxies = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
    return {
        "ws": "none",
        "lifespan": "on",
        # Logs are set up already, and access lines would repeat guests' addresses.
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
        "timeout_graceful_shutdown": _REQUEST_SECONDS,
    }


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address, not yet listening. Raises `InvalidInput` when the address can't be had."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise InvalidInput(
            "port", f"{host}, port {port}, can't be listened on: choose another --port or --host."
        ) from error
    return listening


class Server(uvicorn.Server):
    """One app on one socket (or where `config` says). `farewells` run before connections are closed, `afterwards`
    when the last is gone."""

    def __init__(
        self,
        config: uvicorn.Config,
        listening: socket.socket | None = None,
        *,
        farewells: Sequence[Farewell] = (),
        afterwards: Farewell | None = None,
    ) -> None:
        super().__init__(config)
        self._listening = listening
        self._farewells = farewells
        self._afterwards = afterwards

    async def run_until_exit(self) -> None:
        """Serve until `should_exit`."""
        try:
            await self.serve([self._listening] if self._listening else None)
        finally:
            if self._listening is not None:
                self._listening.close()
        if self._afterwards is not None:
            await self._afterwards()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's own business: uvicorn would raise them again after serving, and the process would
        be gone before it gave its turns back."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which would leave the process without closing what is open."""
        try:
            await super().startup(sockets)
        except (SystemExit, OSError) as error:
            log.error("server_not_started", error=type(error).__name__)
            raise ConciergeError("The app could not be started; its log says why.") from error

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, say goodbye, then shut down as uvicorn does."""
        for server in self.servers:
            server.close()
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                said = await asyncio.gather(*(farewell() for farewell in self._farewells), return_exceptions=True)
            for failure in said:
                if isinstance(failure, BaseException):
                    log.error("farewell_failed", error=type(failure).__name__)
        except TimeoutError:
            log.warning("farewell_cut_short")
        await super().shutdown(sockets)


async def serve(
    servers: Sequence[Server], stop: asyncio.Event, *, once_started: Callable[[], None] = lambda: None
) -> bool:
    """All of them until `stop`, then one after the other ends, in this order; True. When one of them ends or fails by
    itself the others end too: False, or what it raised. What `once_started` raises ends them, too."""
    running = [asyncio.create_task(server.run_until_exit()) for server in servers]
    told = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(_when_started(servers, once_started))
    try:
        await asyncio.wait([*running, told, starting], return_when=asyncio.FIRST_COMPLETED)
        failed = starting.exception() if starting.done() else None
        if failed is None:
            await asyncio.wait([*running, told], return_when=asyncio.FIRST_COMPLETED)
        as_told = stop.is_set()
        if not as_told:
            log.error("server_ended_by_itself")
        for server, task in zip(servers, running, strict=True):
            server.should_exit = True
            await asyncio.wait([task])
        await asyncio.gather(*running)
        if failed is not None:
            raise failed
        return as_told
    finally:
        told.cancel()
        starting.cancel()


async def _when_started(servers: Sequence[Server], then: Callable[[], None]) -> None:
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)  # uvicorn has no event for it
    then()


async def _listening_to_signals(
    work: Callable[[Process], Coroutine[Any, Any, bool]], settings: Settings, loaded: LoadedTenant
) -> bool:
    stop = asyncio.Event()

    def hear() -> None:
        if not stop.is_set():
            _insist()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, hear)
    return await work(Process(settings, loaded, stop))


def _insist() -> None:
    """Whatever hangs, a thread of its own ends the process in time."""
    timer = threading.Timer(STOP_SECONDS, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    # In a thread of its own: whoever reads the log may hang as well.
    telling = threading.Thread(target=log.error, args=("not_stopped_in_time",), daemon=True)
    telling.start()
    telling.join(0.5)
    os._exit(1)


def _arguments(service: str, port: int, *, may_be_closed: bool) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"concierge-{service}", description=f"The {service} app of one property.")
    # A container is reached from outside itself; what may reach it is the network policy's to say.
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104
    parser.add_argument("--port", type=int, default=port, help=f"port to listen on (default: {port})")
    if may_be_closed:
        parser.add_argument(
            "--closed", action="store_true", help="only say that the house is closed: no database, no Redis, no secrets"
        )
    return parser.parse_args()

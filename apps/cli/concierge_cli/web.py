"""The web process of `concierge up`: chat, voice and dashboard on one port, the AI app on a private socket.

The AI app is spoken to over HTTP as in a cluster, so that a streamed reply behaves the same in both.
`python -m concierge_cli.web --host H --port P`; everything else comes from the environment (`Settings`).
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from concierge_admin import app as admin
from concierge_admin.accounts import ensure_first_account, first_account
from concierge_ai import app as ai
from concierge_chat import app as chat
from concierge_chat.serving import DrainingServer, socket_options
from concierge_cli.announcement import Announcement, announce
from concierge_cli.troubles import why
from concierge_core import http, telemetry
from concierge_core.domain.events import KnowledgeChanged
from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.runtime import Runtime
from concierge_core.settings import Settings
from concierge_core.storage import migrate
from concierge_core.tenant.loader import LoadedTenant
from concierge_voice import app as voice

CANNOT_BE = 2
# Logs are set up already, and access lines would repeat guests' addresses.
_QUIET: dict[str, Any] = {"log_config": None, "access_log": False}


def main() -> None:
    """Serve until told to stop; exit code 2, with one sentence for the supervisor, when that can't be."""
    parser = argparse.ArgumentParser(prog="concierge_cli.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    settings = Settings()
    try:
        loaded = load_tenant(settings)
        telemetry.set_up(settings, service="web", tenant=loaded.tenant.spec.property.code)
        with asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner:
            runner.run(_serve(settings, loaded, arguments.host, arguments.port))
    except ConciergeError as error:
        reason = why(error, settings)
        announce(Announcement(error=reason))
        print(reason, file=sys.stderr)
        raise SystemExit(CANNOT_BE) from None


Farewell = Callable[[], Awaitable[None]]


def compose(runtime: Runtime) -> tuple[FastAPI, list[Farewell]]:
    """The one app on the property's port, and what is to be awaited before its sockets are closed."""
    app = FastAPI(title="Concierge", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    guests, staff = chat.router(runtime), admin.router(runtime)
    for routes in (guests, voice.router(runtime), staff):
        app.include_router(routes)
    return http.dress(app, runtime, name="web"), [guests.desk.presence.drain, staff.farewell]


async def _serve(settings: Settings, loaded: LoadedTenant, host: str, port: int) -> None:
    await asyncio.to_thread(migrate, settings)
    async with open_runtime(settings) as runtime:
        await _declare(runtime, loaded)
        password = await ensure_first_account(runtime)
        app, farewells = compose(runtime)
        mind = _Mind(uvicorn.Config(ai.create_app(runtime), uds=_socket(settings), lifespan="on", **_QUIET))
        config = uvicorn.Config(app, host=host, port=port, **_QUIET, **socket_options(settings.trusted_proxies))
        desk = _Desk(config, farewells=farewells)
        news = Announcement(
            email=first_account(runtime)[0],
            password=password,
            articles=len(loaded.articles),
            voice=loaded.tenant.spec.voice.enabled,
        )
        await _run(desk, mind, news, before_the_mind_goes=runtime.turns.give_back)


async def _run(
    desk: uvicorn.Server, mind: uvicorn.Server, news: Announcement, *, before_the_mind_goes: Farewell
) -> None:
    """Both servers until SIGTERM or SIGINT: guests are told first, the mind stays until their turns are over."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, desk, "should_exit", True)
    thinking = asyncio.create_task(mind.serve())
    serving = asyncio.create_task(desk.serve())
    while not (mind.started and desk.started) and not serving.done() and not thinking.done():
        await asyncio.sleep(0.01)
    if mind.started and desk.started:
        _keep_private(str(mind.config.uds))
        announce(news)
    await serving
    await before_the_mind_goes()
    mind.should_exit = True
    await thinking


def _keep_private(uds: str) -> None:
    # uvicorn opens its socket to everybody on the machine.
    Path(uds).chmod(0o600)


class _NoSignals:
    """uvicorn would raise a caught signal again after serving, and end the process before it gave its turns back."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's own business here."""
        yield


class _Mind(_NoSignals, uvicorn.Server):
    pass


class _Desk(_NoSignals, DrainingServer):
    pass


def _socket(settings: Settings) -> str:
    path = Path(settings.ai_url.removeprefix("unix:"))
    path.unlink(missing_ok=True)
    return str(path)


async def _declare(runtime: Runtime, loaded: LoadedTenant) -> None:
    """Make the declared knowledge what the YAML says now; what staff did stays."""
    tenant = runtime.tenant_id
    async with runtime.store.write() as unit:
        changed = await unit.articles.replace_declared(tenant, loaded.articles)
        if changed:
            await unit.outbox.add(tenant, KnowledgeChanged())


if __name__ == "__main__":
    main()

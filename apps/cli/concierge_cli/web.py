"""The web process of `concierge up`: chat, voice and dashboard on one port, the AI app on a private socket.

The AI app is spoken to over HTTP as in a cluster, so that a streamed reply behaves the same in both.
`python -m concierge_cli.web --host H --port P`; everything else comes from the environment (`Settings`).
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from concierge_admin import app as admin
from concierge_admin.accounts import ensure_first_account, first_account
from concierge_ai import app as ai
from concierge_chat import app as chat
from concierge_chat.guest_socket import socket_options
from concierge_cli.announcement import Announcement, announce
from concierge_cli.troubles import explained
from concierge_core import collector, http
from concierge_core.domain.events import KnowledgeChanged
from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import open_runtime
from concierge_core.runtime import Runtime
from concierge_core.serving import Farewell, Process, Server, bound, run_process, serve, server_options
from concierge_core.settings import Settings
from concierge_core.storage import migrate
from concierge_core.tenant.loader import LoadedTenant
from concierge_voice import app as voice


def main() -> None:
    """Serve until told to stop; exit code 2, with one sentence for the supervisor, when that can't be."""
    parser = argparse.ArgumentParser(prog="concierge_cli.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    run_process("web", partial(_serve, host=arguments.host, port=arguments.port), cannot_be=_tell_the_supervisor)


def compose(runtime: Runtime) -> tuple[FastAPI, list[Farewell]]:
    """The one app on the property's port, and what is to be awaited before its sockets are closed."""
    app = FastAPI(title="Concierge", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    guests, staff = chat.router(runtime), admin.router(runtime)
    for routes in (guests, voice.router(runtime), staff):
        app.include_router(routes)
    return http.dress(app, runtime, name="web"), [guests.desk.presence.drain, staff.farewell]


async def _serve(process: Process, *, host: str, port: int) -> bool:
    settings, loaded = process.settings, process.loaded
    listening = bound(host, port)
    with explained(settings):
        await asyncio.to_thread(migrate, settings)
    async with open_runtime(settings, loaded=loaded) as runtime:
        await _declare(runtime, loaded)
        news = Announcement(
            email=first_account(runtime)[0],
            password=await ensure_first_account(runtime),
            articles=len(loaded.articles),
            voice=loaded.tenant.spec.voice.enabled,
        )
        desk, mind = servers(runtime, listening)

        def once_started() -> None:
            # uvicorn opens its socket to everybody on the machine.
            Path(str(mind.config.uds)).chmod(0o600)
            collector.begin_to_serve()
            announce(news)

        return await serve([desk, mind], process.stop, once_started=once_started)


def servers(runtime: Runtime, listening: socket.socket) -> tuple[Server, Server]:
    """Guests' and staff's, and the mind's: guests are told first, the mind stays until their turns are over."""
    app, farewells = compose(runtime)
    options = server_options(runtime.settings)
    desk = Server(
        uvicorn.Config(app, **options | socket_options()),
        listening,
        farewells=farewells,
        afterwards=runtime.turns.give_back,
    )
    return desk, Server(uvicorn.Config(ai.create_app(runtime), uds=_socket(runtime.settings), **options))


def _socket(settings: Settings) -> str:
    path = Path(settings.ai_url.removeprefix("unix:"))
    path.unlink(missing_ok=True)
    return str(path)


def _tell_the_supervisor(error: ConciergeError) -> str:
    announce(Announcement(error=str(error)))
    return str(error)


async def _declare(runtime: Runtime, loaded: LoadedTenant) -> None:
    """Make the declared knowledge what the YAML says now; what staff did stays."""
    tenant = runtime.tenant_id
    async with runtime.store.write() as unit:
        changed = await unit.articles.replace_declared(tenant, loaded.articles)
        if changed:
            await unit.outbox.add(tenant, KnowledgeChanged())


if __name__ == "__main__":
    main()

"""The web process of `concierge up`: chat, voice and dashboard on one port, the AI app on a private socket.

The AI app is spoken to over HTTP as in a cluster, so that a streamed reply behaves the same in both.
`python -m concierge_cli.web --host H --port P`; everything else comes from the environment (`Settings`).
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Callable
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
from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import open_runtime
from concierge_core.runtime import Runtime
from concierge_core.serving import Farewell, Process, Server, bound, run_process, serve, server_options
from concierge_core.settings import Settings
from concierge_core.storage import migrate
from concierge_core.use_cases.declaring import declare_articles
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
        await declare_articles(runtime, loaded.articles)
        news = Announcement(
            email=first_account(runtime)[0],
            password=await ensure_first_account(runtime),
            articles=len(loaded.articles),
            voice=loaded.tenant.spec.voice.enabled,
        )
        return await serve_all(runtime, listening, process.stop, once_started=partial(announce, news))


async def serve_all(
    runtime: Runtime, listening: socket.socket, stop: asyncio.Event, *, once_started: Callable[[], None] = lambda: None
) -> bool:
    """Serve everything until `stop`; True when that was why it ended."""
    desk, mind = servers(runtime, listening)

    def started() -> None:
        # uvicorn opens its socket to everybody on the machine.
        Path(str(mind.config.uds)).chmod(0o600)
        collector.begin_to_serve()
        once_started()

    return await serve([desk, mind], stop, once_started=started)


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


if __name__ == "__main__":
    main()

"""`concierge-chat`: the chat as its own process, for one property."""

from __future__ import annotations

import argparse
import asyncio
import sys

import uvicorn

from concierge_chat.app import create_app
from concierge_chat.serving import DrainingServer, socket_options
from concierge_core import telemetry
from concierge_core.errors import TenantFileError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings

BAD_TENANT_FILE = 2


def main() -> None:
    """Serve until SIGTERM or SIGINT; exit code 2 when the property's file can't be used."""
    parser = argparse.ArgumentParser(prog="concierge-chat", description="The guest chat of one property.")
    # A container is reached from outside itself; what may reach it is the network policy's to say.
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    arguments = parser.parse_args()
    settings = Settings()
    try:
        tenant = load_tenant(settings).tenant
    except TenantFileError as error:
        print(error, file=sys.stderr)
        raise SystemExit(BAD_TENANT_FILE) from None
    telemetry.set_up(settings, service="chat", tenant=tenant.spec.property.code)
    with asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner:
        runner.run(serve(settings, host=arguments.host, port=arguments.port))


async def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve one property; returns when the server was asked to stop and every guest was told."""
    async with open_runtime(settings) as runtime:
        app = create_app(runtime)
        config = uvicorn.Config(app, host=host, port=port, log_config=None, **socket_options(settings.trusted_proxies))
        await DrainingServer(config, farewells=[app.state.desk.presence.drain]).serve()


if __name__ == "__main__":
    main()

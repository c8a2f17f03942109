"""`concierge-voice`: calls as their own process, for one property."""

from __future__ import annotations

import argparse
import asyncio
import sys

import uvicorn

from concierge_core import telemetry
from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings
from concierge_voice.app import create_app

CAN_NOT_START = 2


def main() -> None:
    """Serve until SIGTERM or SIGINT; exit code 2 and one clear line when that can't begin."""
    parser = argparse.ArgumentParser(prog="concierge-voice", description="The telephone of one property.")
    # A container is reached from outside itself; what may reach it is the network policy's to say.
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    arguments = parser.parse_args()
    settings = Settings()
    try:
        tenant = load_tenant(settings).tenant
        telemetry.set_up(settings, service="voice", tenant=tenant.spec.property.code)
        asyncio.run(serve(settings, host=arguments.host, port=arguments.port))
    except ConciergeError as error:
        print(error, file=sys.stderr)
        raise SystemExit(CAN_NOT_START) from None


async def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve one property; returns when the server was asked to stop."""
    async with open_runtime(settings) as runtime:
        config = uvicorn.Config(
            create_app(runtime),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    main()

"""The dashboard as a process of its own: `concierge-admin`."""

from __future__ import annotations

import argparse
import asyncio

import uvicorn

from concierge_admin.app import create_app
from concierge_core import telemetry
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings


def main() -> None:
    """Serve until stopped. Settings come from the environment."""
    parser = argparse.ArgumentParser(prog="concierge-admin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8083, help="port to listen on (default: 8083)")
    arguments = parser.parse_args()
    asyncio.run(_serve(Settings(), host=arguments.host, port=arguments.port))


async def _serve(settings: Settings, *, host: str, port: int) -> None:
    telemetry.set_up(settings, service="admin", tenant=load_tenant(settings).tenant.spec.property.code)
    async with open_runtime(settings) as runtime:
        config = uvicorn.Config(
            create_app(runtime),
            host=host,
            port=port,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            # Live connections never end by themselves within seconds; browsers come back at once.
            timeout_graceful_shutdown=5,
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    main()

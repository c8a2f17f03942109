"""The dashboard as a process of its own: `concierge-admin`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from concierge_admin.app import DashboardRouter, app_around, router
from concierge_core import telemetry
from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings

CANNOT_BE = 2


def main() -> None:
    """Serve until stopped. Settings come from the environment; exit code 2 with one sentence when that can't be."""
    parser = argparse.ArgumentParser(prog="concierge-admin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8083, help="port to listen on (default: 8083)")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(Settings(), host=arguments.host, port=arguments.port))
    except ConciergeError as error:
        print(error, file=sys.stderr)
        raise SystemExit(CANNOT_BE) from None


async def _serve(settings: Settings, *, host: str, port: int) -> None:
    telemetry.set_up(settings, service="admin", tenant=load_tenant(settings).tenant.spec.property.code)
    proxies = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
    async with open_runtime(settings) as runtime:
        routes = router(runtime)
        config = uvicorn.Config(
            app_around(routes, runtime),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_graceful_shutdown=10,
        )
        await _Server(config, routes).serve()


class _Server(uvicorn.Server):
    """Ends live connections before it waits for the rest, and leaves the process alive to close what it opened."""

    def __init__(self, config: uvicorn.Config, routes: DashboardRouter) -> None:
        super().__init__(config)
        self._routes = routes

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the serving and nothing else; uvicorn would raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say farewell first."""
        await self._routes.farewell()
        await super().shutdown(sockets)


if __name__ == "__main__":
    main()

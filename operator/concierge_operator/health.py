"""What probes and Prometheus ask: /healthz (alive), /readyz (knows its cluster), /metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], str | None]
"""What is wrong, in a sentence; None when nothing is."""


@asynccontextmanager
async def served(host: str, port: int, *, alive: Check, ready: Check) -> AsyncIterator[int]:
    """Serve for as long as the block lasts; the port that it is."""
    app = web.Application()
    app.add_routes([web.get("/healthz", _says(alive)), web.get("/readyz", _says(ready)), web.get("/metrics", _metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _says(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        wrong = check()
        return web.Response(text=f"{wrong or 'ok'}\n", status=503 if wrong else 200)

    return answer


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

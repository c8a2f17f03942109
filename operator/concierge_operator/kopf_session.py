"""The connection with which Kopf lists and watches: ours, so that it is paced, patient and known to be alive.

Kopf begins a watch anew at once when the server ends it. Where something in between ends each one at once, that would
be hundreds of requests a second. And where a definition is taken away and comes back (404), Kopf stops for good without
ending: here its request waits instead, and what comes after is a list, as after any long silence.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import kopf

from concierge_operator.cluster import configuration

_BURST = 20
_REFILL_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 10.0


class Pace:
    """So many requests at once, then one a second."""

    def __init__(self, burst: int = _BURST, refill_seconds: float = _REFILL_SECONDS) -> None:
        self._burst = burst
        self._refill_seconds = refill_seconds
        self._free_at = 0.0

    def wait_seconds(self, now: float) -> float:
        """How long the request of this moment waits; it counts as made."""
        earliest = now - (self._burst - 1) * self._refill_seconds
        self._free_at = max(self._free_at + self._refill_seconds, earliest)
        return max(0.0, self._free_at - now)


class Hearer(Protocol):
    """Hears what becomes of Kopf's requests."""

    def kopf_asks(self) -> None:
        """One is about to be made."""

    def kind_missing(self, path: str, *, missing: bool) -> None:
        """The server knows nothing of this path, or knows it again."""


async def kopf_session(kubeconfig: Path | None, hearer: Hearer) -> kopf.AiohttpSession:
    """With the credentials as they are now; Kopf asks again when the server does not take them any more, and closes the
    session."""
    info = kopf.ConnectionInfo(**await _credentials(kubeconfig))
    session = aiohttp.ClientSession(
        connector=_PacedConnector(Pace(), limit=0, ssl=info.as_ssl_context()),
        headers=info.as_http_headers(),
        middlewares=[_patient(hearer)],
        trust_env=True,
    )
    return kopf.AiohttpSession(server=info.server, aiohttp_session=session)


def _patient(hearer: Hearer) -> aiohttp.ClientMiddlewareType:
    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        pause, path = 0.5, request.url.path
        while True:
            hearer.kopf_asks()
            response = await handler(request)
            if response.status != 404:
                if pause > 0.5:
                    hearer.kind_missing(path, missing=False)
                return response
            response.close()
            hearer.kind_missing(path, missing=True)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    return send


class _PacedConnector(aiohttp.TCPConnector):
    """Gives each request its connection in its turn. What waits when the session is closed is told so."""

    def __init__(self, pace: Pace, **how: Any) -> None:
        super().__init__(**how)
        self._pace = pace

    async def connect(self, *request: Any, **how: Any) -> Any:
        await asyncio.sleep(self._pace.wait_seconds(asyncio.get_running_loop().time()))
        return await super().connect(*request, **how)


async def _credentials(kubeconfig: Path | None) -> dict[str, Any]:
    made: Any = await configuration(kubeconfig)
    token = made.api_key.get("BearerToken") or made.api_key.get("authorization") or ""
    return {
        "server": made.host,
        "ca_path": made.ssl_ca_cert,
        "insecure": None if made.verify_ssl else True,
        "scheme": "Bearer" if token else None,
        "token": token.removeprefix("Bearer ").removeprefix("bearer ") or None,
        "certificate_path": made.cert_file,
        "private_key_path": made.key_file,
    }

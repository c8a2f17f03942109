"""The AI app as its callers see it: one long-lived HTTP client that streams replies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from pydantic import ValidationError

from concierge_core import ai_wire
from concierge_core.ai_wire import ReplyEvent, ReplyRequest, UnderstandingRequest, Understood
from concierge_core.errors import Unavailable
from concierge_core.settings import Settings
from concierge_core.telemetry import outgoing_headers


class AiClient:
    """`ports.Concierge` over HTTP, to a host or to a private socket (`unix:/path`)."""

    def __init__(self, settings: Settings) -> None:
        token = settings.internal_token
        headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        path = settings.ai_url.removeprefix("unix:") if settings.ai_url.startswith("unix:") else None
        self._client = httpx.AsyncClient(
            base_url="http://ai" if path else settings.ai_url,
            transport=httpx.AsyncHTTPTransport(uds=path, limits=_LIMITS) if path else None,
            limits=_LIMITS,
            headers=headers,
            timeout=httpx.Timeout(connect=3.0, read=settings.turn_deadline_seconds, write=5.0, pool=5.0),
        )

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyEvent]:
        """Stream the events of `POST /v1/replies`; the last is `Done` or `Handoff`.

        Raises `Unavailable("model")` when the app can't be reached, refuses, breaks off or talks nonsense.
        """
        try:
            async with self._client.stream(
                "POST", "/v1/replies", content=request.model_dump_json(), headers=_headers()
            ) as response:
                if response.status_code != 200:
                    raise Unavailable("model")
                async for line in response.aiter_lines():
                    event = ai_wire.decode(line)
                    yield event
                    if event.type in ("done", "handoff"):
                        return
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable("model") from error
        raise Unavailable("model")

    async def understand(self, request: UnderstandingRequest) -> Understood:
        """`POST /v1/understanding`: what a message means. Raises `Unavailable("model")`."""
        try:
            response = await self._client.post(
                "/v1/understanding", content=request.model_dump_json(), headers=_headers(), timeout=5.0
            )
            if response.status_code != 200:
                raise Unavailable("model")
            return Understood.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable("model") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


# A property's busiest minute holds far fewer replies than this at once; the pool must never be what a guest waits for.
_LIMITS = httpx.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=30)


def _headers() -> dict[str, str]:
    return {"content-type": "application/json", **outgoing_headers()}

"""What every HTTP app wears: health, metrics, security headers, HTTPS, a size limit, error answers, request spans.

The middleware is plain ASGI: streams and WebSockets pass through it untouched.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concierge_core import errors, metrics
from concierge_core.runtime import Runtime
from concierge_core.telemetry import span

MAX_BODY_BYTES = 2 * 1024 * 1024
_QUIET_PATHS = ("/healthz", "/readyz", "/metrics")
_STATUS = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.NotAllowed: 403,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def dress(app: FastAPI, runtime: Runtime, *, name: str, internal: bool = False) -> FastAPI:
    """Add everything above to the app. `name` labels its metrics and spans.

    `internal`: only our own processes speak to it, over a private socket or the cluster's network, so plain HTTP is
    fine whatever the public URL is.
    """
    _add_probes(app, runtime)
    app.add_exception_handler(errors.ConciergeError, _answer_error)
    app.add_middleware(_SizeLimit)
    app.add_middleware(_Observed, name=name)
    https = runtime.settings.https and not internal
    app.add_middleware(_Secured, public_url=runtime.settings.public_url, https=https)
    return app


def problem(status: int, code: str, message: str, **extra: Any) -> JSONResponse:
    """An error answer in the form of RFC 9457."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": message, **extra}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def _add_probes(app: FastAPI, runtime: Runtime) -> None:
    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    async def readyz() -> Response:
        """Ready when its own needs are met: the database. Redis and the model have their ways around."""
        try:
            await runtime.store.check()
        except errors.Unavailable as error:
            return Response(str(error), status_code=503, media_type="text/plain")
        return Response("ready", media_type="text/plain")

    async def metrics_page(request: Request) -> Response:
        """For the property's own monitoring: whoever comes through the public proxy needs the internal token."""
        if _came_through_a_proxy(request) and not _has_internal_token(request, runtime):
            return problem(404, "notfound", "There is no such page.")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics_page)):
        app.add_api_route(path, endpoint, include_in_schema=False)


def _came_through_a_proxy(request: Request) -> bool:
    return any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))


def _has_internal_token(request: Request, runtime: Runtime) -> bool:
    token = runtime.settings.internal_token
    given = request.headers.get("authorization", "")
    return token is not None and hmac.compare_digest(given, f"Bearer {token.get_secret_value()}")


async def _answer_error(_request: Request, error: Exception) -> Response:
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
    code = error.code if isinstance(error, errors.InvalidInput) else type(error).__name__.lower()
    answer = problem(status, code, str(error))
    if isinstance(error, errors.TooMany):
        answer.headers["retry-after"] = str(max(1, round(error.retry_after_seconds)))
    return answer


class _Secured:
    """Security headers on every answer; plain requests to an https property are sent to https, or refused."""

    def __init__(self, app: ASGIApp, *, public_url: str, https: bool) -> None:
        self._app = app
        self._public_url = public_url
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self._https and scope["scheme"] == "ws":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "please use https"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._https and scope["scheme"] == "http" and scope["path"] not in _QUIET_PATHS:
            await self._to_https(scope)(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {k.lower() for k, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self._headers() if h[0] not in present)]
            await send(message)

        await self._app(scope, receive, send_secured)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
            (b"x-frame-options", b"SAMEORIGIN"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]
        if self._https:
            headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
        return headers

    def _to_https(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return problem(403, "https_required", "Please use https for this address.")
        query = scope["query_string"].decode("latin-1")
        location = self._public_url + scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        return Response(status_code=308, headers={"location": location})


class _SizeLimit:
    """Bodies over the limit are refused, whether or not they admit their length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
            await problem(413, "too_large", "This is too large.")(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)


def _bounded(receive: Receive) -> Callable[[], Awaitable[Message]]:
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise errors.InvalidInput("too_large", "this is too large")
        return message

    return receive_bounded


class _Observed:
    """A span and a time for every request; the caller's trace is continued."""

    def __init__(self, app: ASGIApp, *, name: str) -> None:
        self._app = app
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _QUIET_PATHS:
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"] if k == b"traceparent"}
        with span(f"{scope['method']} {self._name}", headers=headers, kind=SpanKind.SERVER) as current:
            try:
                await self._app(scope, receive, send_observed)
            finally:
                current.set_attribute("http.response.status_code", status)
                route = scope.get("route")
                if route is not None:
                    current.set_attribute("http.route", getattr(route, "path", ""))
                metrics.HTTP_SECONDS.labels(self._name, f"{status // 100}xx").observe(time.perf_counter() - began)

"""One kind of route for the guest's REST API: CORS for the allowed origins, refusals as problem documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from concierge_chat.desk import Desk
from concierge_chat.languages import negotiated
from concierge_chat.property_view import CLOSED_RETRY_SECONDS, closed_words
from concierge_chat.refusing import Refusal, explain, unavailable
from concierge_core.errors import ConciergeError

log = structlog.get_logger()
_FOR_ALL_SEASONS = "/property"
"""What a closed house still answers: who it is, and until when it is closed."""
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PATCH",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}


def guest_route(desk: Desk) -> type[APIRoute]:
    """The route class of this desk, for `APIRouter(route_class=…)`; endpoints find the desk in `request.state.desk`."""

    class GuestRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                if not desk.welcomes(request):
                    return problem(Refusal("foreign_origin", "this website may not use the chat", 403))
                request.state.desk = desk
                response = await _answered(handle, request, desk)
                response.headers.update(_cors(request))
                return response

            return guarded

    return GuestRoute


def preflight(request: Request) -> Response:
    """The answer to a browser that asks before it calls from another origin."""
    return Response(status_code=204, headers=_PREFLIGHT)


def problem(refusal: Refusal) -> Response:
    """A refusal as `application/problem+json`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.message,
    }
    headers = {"cache-control": "no-store"}
    if refusal.retry_after_seconds is not None:
        seconds = max(1, round(refusal.retry_after_seconds))
        body["retry_after_seconds"] = seconds
        headers["retry-after"] = str(seconds)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body, refusal.status, headers, media_type="application/problem+json")


async def _answered(handle: Callable[[Request], Awaitable[Response]], request: Request, desk: Desk) -> Response:
    language = negotiated(
        desk.rt.tenant.spec.property.languages, accept_language=request.headers.get("accept-language", "")
    )
    if desk.suspended and request.method != "OPTIONS" and not request.url.path.endswith(_FOR_ALL_SEASONS):
        return problem(Refusal("closed", closed_words(desk.rt, language), 503, CLOSED_RETRY_SECONDS))
    try:
        return await handle(request)
    except ConciergeError as error:
        return problem(explain(error, language))
    except RequestValidationError as error:
        return problem(Refusal("malformed", _first_problem(error), 422))
    except HTTPException as error:
        return problem(Refusal("malformed", str(error.detail), error.status_code))
    except Exception:
        # The outermost edge of a request: the guest reads something kind, we read the trace.
        log.exception("guest_request_failed", path=request.url.path)
        return problem(unavailable(language))


def _cors(request: Request) -> dict[str, str]:
    origin = request.headers.get("origin")
    if origin is None:
        return {"vary": "Origin"}
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "Retry-After",
        "vary": "Origin",
    }


def _first_problem(error: RequestValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")[:40]
    return f"{place or 'body'}: {first['msg']}"

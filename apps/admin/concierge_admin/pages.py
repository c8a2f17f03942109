"""How pages are sent: rendered, never cached, under a strict policy; and what people see when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from concierge_admin.desk import Desk, desk_of
from concierge_admin.gate import Forged, SignedOut, Visit, sign_in_path, visit_of
from concierge_admin.navigation import navigation
from concierge_admin.rendering import part
from concierge_admin.wording import N_, wording
from concierge_core import errors

log = structlog.get_logger()
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


class PageRoute(APIRoute):
    """A route whose answers carry the headers above and whose errors are pages for people."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with ours around it."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await inner(request)
            except SignedOut as error:
                response = _to_sign_in(request, error)
            except (errors.ConciergeError, RequestValidationError) as error:
                response = await _error_answer(request, error)
            except HTTPException:
                raise
            except Exception as error:
                # The outermost edge of a page: a fault of ours costs this one request, and we hear of it.
                log.exception("page_failed", path=request.url.path)
                response = await _error_answer(request, error)
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return handle


async def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page with its frame."""
    frame = await navigation(visit.desk.rt)
    return HTMLResponse(_rendered(visit, template, nav=frame, **values), status)


def fragment(visit: Visit, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A part of a page, for htmx."""
    return HTMLResponse(_rendered(visit, template, **values), status)


def plain_page(desk: Desk, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for somebody who is not signed in."""
    return HTMLResponse(part(desk.templates, template, language="en", visit=None, **values), status)


def go(path: str) -> RedirectResponse:
    """After a change: the page to look at next (303, so that reloading repeats nothing)."""
    return RedirectResponse(path, 303)


def _rendered(visit: Visit, template: str, **values: Any) -> str:
    return part(visit.desk.templates, template, visit=visit, language=visit.staff.language, **values)


def _to_sign_in(request: Request, error: SignedOut) -> Response:
    path = sign_in_path(error.next_path)
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": path})
    if request.url.path.endswith("/events"):
        return Response(status_code=401)
    return go(path)


_KINDS: list[tuple[type[Exception], int, str, str]] = [
    (
        Forged,
        403,
        N_("This page has grown old"),
        N_("Nothing was changed. You may have signed in again in another tab: reload the page and try once more."),
    ),
    (
        errors.NotAllowed,
        403,
        N_("This is not part of your role"),
        N_("Nothing was changed. If you need it for your work, ask an administrator of the property."),
    ),
    (
        errors.NotFound,
        404,
        N_("There is nothing here"),
        N_("It may have been removed, or the address has a slip of the pen. Start again from the inbox."),
    ),
    (
        errors.Conflict,
        409,
        N_("Somebody was faster"),
        N_("Things changed while you looked at them, so nothing was done. Reload to see how they stand now."),
    ),
    (
        errors.TooMany,
        429,
        N_("A moment, please"),
        N_("This was asked for too often. Wait a little and try again; nothing is lost."),
    ),
    (
        errors.Unavailable,
        503,
        N_("The database is away for the moment"),
        N_("Nothing was changed. It usually returns by itself: try again in a minute. Guests are told so, too."),
    ),
    (
        errors.InvalidInput,
        422,
        N_("This cannot be used as it is"),
        N_("Nothing was changed. Go back, look over the fields, and try again."),
    ),
    (
        RequestValidationError,
        422,
        N_("This cannot be used as it is"),
        N_("Nothing was changed. Go back, look over the fields, and try again."),
    ),
    (
        Exception,
        500,
        N_("Something went wrong on our side"),
        N_("It was not your doing, and it is noted. Try again in a minute, or tell whoever runs the concierge."),
    ),
]


async def _error_answer(request: Request, error: Exception) -> Response:
    status, title, advice = next((s, t, a) for kind, s, t, a in _KINDS if isinstance(error, kind))
    desk = desk_of(request)
    visit = await _visit_if_any(request)
    values: dict[str, Any] = {"title": title, "advice": advice, "status": status}
    language = visit.staff.language if visit else "en"
    wants_part = request.headers.get("hx-request") == "true"
    template = "partials/error.html" if wants_part else "error.html"
    body = part(desk.templates, template, visit=visit, language=language, nav=None, **values)
    answer = HTMLResponse(body, status)
    if wants_part:
        answer.headers.update({"hx-retarget": "#notices", "hx-reswap": "innerHTML"})
    if isinstance(error, errors.TooMany):
        answer.headers["retry-after"] = str(max(1, round(error.retry_after_seconds)))
    return answer


async def _visit_if_any(request: Request) -> Visit | None:
    try:
        return await visit_of(request)
    except (SignedOut, errors.ConciergeError):
        return None


def told(visit: Visit, code: str | None) -> str | None:
    """The sentence that a redirect left to be said (`?said=code`); unknown codes say nothing."""
    message = SAID.get(code or "")
    return wording(visit.staff.language).gettext(message) if message else None


SAID = {
    "handed_back": N_("The concierge answers again, with a fresh start."),
    "closed": N_("The conversation is closed. It opens again when the guest writes."),
    "request_made": N_("The request is made."),
    "request_moved": N_("The request has moved on."),
    "article_saved": N_("Saved. Guests are answered from it at once."),
    "override_dropped": N_("Your version is removed. Guests are answered from the declared one again."),
    "article_removed": N_("The article is removed."),
    "setting_saved": N_("Saved. It holds at once."),
    "setting_dropped": N_("Your version is removed. The declared value holds again."),
    "password_changed": N_("Your password is changed. Other browsers where you were signed in are signed out."),
}

"""The one door: each route depends on `require(permission)` and gets a `Visit`, or the request ends here.

Checked in this order: a session that lives, an account that is active, that a change comes from our own page (Origin
and token), and the role's permission.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.datastructures import URL

from concierge_admin import csrf, passwords
from concierge_admin.desk import Desk, desk_of
from concierge_admin.permissions import Permission, allowed
from concierge_admin.sessions import StaffSession
from concierge_admin.wording import Wording, wording
from concierge_core.domain.people import Staff
from concierge_core.errors import NotAllowed


class SignedOut(Exception):
    """Nobody is signed in; carries where to go on afterwards."""

    def __init__(self, next_path: str) -> None:
        super().__init__("nobody is signed in")
        self.next_path = next_path


class Forged(NotAllowed):
    """A change that did not come from one of our own pages, or from one of an earlier session."""


@dataclass(frozen=True)
class Visit:
    """A request by somebody who is signed in."""

    desk: Desk
    staff: Staff
    session: StaffSession
    token: str
    wants_part: bool
    """htmx asks: answer with a part of the page."""

    def may(self, permission: Permission) -> bool:
        """This person has the permission."""
        return allowed(self.staff.role, permission)

    @property
    def words(self) -> Wording:
        """The words of this person's language."""
        return wording(self.staff.language)


Gate = Callable[[Request], Awaitable[Visit]]


def require(permission: Permission) -> Gate:
    """The dependency of a route that needs `permission`."""

    async def gate(request: Request) -> Visit:
        visit = await visit_of(request)
        if request.method not in csrf.SAFE_METHODS:
            await _check_own_page(request, visit)
        if not visit.may(permission):
            raise NotAllowed(f"this needs the permission {permission.value}")
        return visit

    gate.permission = permission  # type: ignore[attr-defined]  # the route walk in the tests reads it
    return gate


async def visit_of(request: Request) -> Visit:
    """Who asks. Raises `SignedOut`."""
    desk = desk_of(request)
    token = request.cookies.get(desk.cookie, "")
    session = await desk.sessions.find(token) if token else None
    staff = await _staff_of(desk, session) if session else None
    if session is None or staff is None:
        raise SignedOut(_way_back(request))
    if not await desk.sessions.touch(token, session):
        raise SignedOut(_way_back(request))
    return Visit(desk, staff, session, token, request.headers.get("hx-request") == "true")


async def still_may(visit: Visit, permission: Permission) -> bool:
    """Whether the gate would let this visit in again now: for connections that outlive their request."""
    session = await visit.desk.sessions.find(visit.token)
    staff = await _staff_of(visit.desk, session) if session else None
    return staff is not None and allowed(staff.role, permission)


async def _staff_of(desk: Desk, session: StaffSession) -> Staff | None:
    """The account, if it is still active and its password is still the one that the session began with."""
    async with desk.rt.store.read() as unit:
        staff = await unit.staff.get(desk.rt.tenant_id, session.staff_id)
    if staff is None or not staff.active or passwords.mark(staff.password_hash) != session.password_mark:
        return None
    return staff


async def _check_own_page(request: Request, visit: Visit) -> None:
    if not csrf.is_same_origin(request.headers, public_url=visit.desk.rt.settings.public_url):
        raise Forged("this request came from another site")
    given = request.headers.get(csrf.HEADER) or await _form_token(request)
    if not csrf.token_matches(visit.session.csrf_token, given):
        raise Forged("this page is from an earlier session")


async def _form_token(request: Request) -> str | None:
    form: Any = await request.form()
    value = form.get(csrf.FIELD)
    return value if isinstance(value, str) else None


def _way_back(request: Request) -> str:
    """The page that somebody looks at: what they asked for, else where they stood when they did something."""
    if request.method == "GET" and request.headers.get("hx-request") != "true":
        page = request.url
    else:
        page = URL(request.headers.get("hx-current-url") or request.headers.get("referer") or "/admin/")
    try:
        return safe_next(page.path + (f"?{page.query}" if page.query else ""))
    except ValueError:  # a header that is no address
        return "/admin/"


def sign_in_path(next_path: str) -> str:
    """The sign-in page that leads on to `next_path`."""
    return "/admin/login" if next_path == "/admin/" else f"/admin/login?next={quote(next_path, safe='/')}"


def safe_next(path: str | None) -> str:
    """`path` if it lies within the dashboard, else its first page (so that no link can send people elsewhere)."""
    if not path or not path.startswith("/admin/") or path.startswith("/admin/log"):
        return "/admin/"
    if "\\" in path or "//" in path or not path.isprintable():
        return "/admin/"
    return path

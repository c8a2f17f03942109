"""Signing in and out, and changing one's password."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from concierge_admin import csrf, passwords
from concierge_admin.accounts import normalised_email
from concierge_admin.desk import Desk, TheDesk
from concierge_admin.gate import SignedOut, Visit, require, safe_next, visit_of
from concierge_admin.pages import PageRoute, go, page, plain_page, told
from concierge_admin.permissions import Permission
from concierge_admin.wording import N_
from concierge_core.domain.people import Staff
from concierge_core.errors import InvalidInput

routes = APIRouter(route_class=PageRoute)
Own = Annotated[Visit, Depends(require(Permission.ACCOUNT_OWN))]
_NONCE_SECONDS = 3_600

_WRONG = N_("This e-mail address and password do not belong together. Please check both and try again.")
_STALE = N_("The sign-in page had grown old, so nothing was sent. Please try once more.")
_SLOW_DOWN = N_("There were several tries in a row. Please wait %(wait)s and try again: your account is safe.")


@routes.get("/admin/login")
async def login_page(
    request: Request, desk: TheDesk, next_path: Annotated[str | None, Query(alias="next")] = None
) -> Response:
    """The form; somebody who is signed in already goes straight on."""
    try:
        await visit_of(request)
    except SignedOut:
        return _form(request, desk, next_path=safe_next(next_path))
    return go(safe_next(next_path))


@routes.post("/admin/login")
async def login(
    request: Request,
    desk: TheDesk,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    csrf_token: Annotated[str, Form(max_length=100)] = "",
    next_path: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Check, and begin a session under a new name."""
    target = safe_next(next_path)
    if not _is_own_form(request, desk, csrf_token):
        return _form(request, desk, problem=_STALE, status=403, email=email, next_path=target)
    email, address = normalised_email(email), _address(request)
    async with desk.attempts.one_at_a_time(email):
        wait = await desk.attempts.wait_seconds(email, address)
        if wait > 0:
            return _form(request, desk, problem=_SLOW_DOWN, wait=wait, status=429, email=email, next_path=target)
        staff = await _authenticated(desk, email, password)
        if staff is None:
            await desk.attempts.failed(email, address)
            return _form(request, desk, problem=_WRONG, status=401, email=email, next_path=target)
        await desk.attempts.succeeded(email, address)
    return await _welcomed(request, desk, staff, target)


@routes.post("/admin/logout")
async def logout(visit: Own) -> Response:
    """End the session here and on the server."""
    await visit.desk.sessions.end(visit.token)
    await _note(visit.desk, visit.staff, "account.signed_out")
    answer = go("/admin/login")
    _forget_cookie(visit.desk, answer)
    return answer


@routes.get("/admin/account")
async def account(visit: Own, said: str | None = None) -> Response:
    """Who one is here, and a new password."""
    return await page(visit, "account.html", said=told(visit, said), problem=None)


@routes.post("/admin/account/password")
async def change_password(
    visit: Own,
    current: Annotated[str, Form(max_length=1024)] = "",
    new: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """A new password ends all sessions; this browser gets a fresh one at once."""
    problem = await _password_problem(visit, current, new)
    if problem:
        return await page(visit, "account.html", status=422, said=None, problem=problem)
    staff = replace(visit.staff, password_hash=await passwords.hash_password(new))
    async with visit.desk.rt.store.write() as unit:
        await unit.staff.save(visit.desk.rt.tenant_id, staff)
    await visit.desk.sessions.end(visit.token)
    await _note(visit.desk, staff, "account.password_set")
    token, _ = await visit.desk.sessions.open(staff)
    answer = go("/admin/account?said=password_changed")
    _set_cookie(visit.desk, answer, token)
    return answer


async def _password_problem(visit: Visit, current: str, new: str) -> str | None:
    # Guessing here is as good as at the door, so it counts there.
    address = f"account:{visit.staff.id}"
    attempts, email = visit.desk.attempts, visit.staff.email
    async with attempts.one_at_a_time(email):
        if await attempts.wait_seconds(email, address) > 0:
            return visit.words.say("There were several tries in a row. Please wait a little and try again.")
        if not await passwords.verify(visit.staff.password_hash, current):
            await attempts.failed(email, address)
            return visit.words.say("The current password is not right, so nothing was changed.")
    try:
        passwords.check_strength(new)
    except InvalidInput:
        return visit.words.say(
            "Please choose a password of at least %(count)s characters; a few random words do well.",
            count=passwords.MIN_CHARACTERS,
        )
    return None


async def _authenticated(desk: Desk, email: str, password: str) -> Staff | None:
    async with desk.rt.store.read() as unit:
        staff = await unit.staff.by_email(desk.rt.tenant_id, email)
    known = staff.password_hash if staff and staff.active else None
    return staff if await passwords.verify(known, password) else None


async def _welcomed(request: Request, desk: Desk, staff: Staff, target: str) -> Response:
    earlier = request.cookies.get(desk.cookie)
    if earlier:
        await desk.sessions.end(earlier)
    token, _ = await desk.sessions.open(staff)
    await _note(desk, staff, "account.signed_in")
    answer = go(target)
    _set_cookie(desk, answer, token)
    answer.delete_cookie(_nonce_cookie(desk), path="/", secure=desk.rt.settings.https, httponly=True, samesite="lax")
    return answer


async def _note(desk: Desk, staff: Staff, action: str) -> None:
    async with desk.rt.store.write() as unit:
        await unit.audit.add(
            desk.rt.tenant_id, actor=staff.id, action=action, subject=staff.id, details={}, now=desk.rt.clock.now()
        )


def _form(
    request: Request,
    desk: Desk,
    *,
    problem: str | None = None,
    wait: float = 0,
    status: int = 200,
    email: str = "",
    next_path: str = "/admin/",
) -> Response:
    # Nobody is signed in yet, so the form's token is matched with a cookie of its own (and the Origin is checked).
    nonce = request.cookies.get(_nonce_cookie(desk)) or csrf.new_token()
    answer = plain_page(
        desk, "login.html", status=status, problem=problem, wait=wait, email=email, next_path=next_path, nonce=nonce
    )
    answer.set_cookie(
        _nonce_cookie(desk),
        nonce,
        max_age=_NONCE_SECONDS,
        path="/",
        httponly=True,
        secure=desk.rt.settings.https,
        samesite="lax",
    )
    if wait:
        answer.headers["retry-after"] = str(max(1, round(wait)))
    return answer


def _is_own_form(request: Request, desk: Desk, token: str) -> bool:
    nonce = request.cookies.get(_nonce_cookie(desk), "")
    same_origin = csrf.is_same_origin(request.headers, public_url=desk.rt.settings.public_url)
    return same_origin and csrf.token_matches(nonce, token)


def _nonce_cookie(desk: Desk) -> str:
    return f"{desk.cookie}-form"


def _set_cookie(desk: Desk, answer: Response, token: str) -> None:
    # A browser-session cookie: closing the browser signs out, and the server ends it anyway.
    answer.set_cookie(desk.cookie, token, path="/", httponly=True, secure=desk.rt.settings.https, samesite="lax")


def _forget_cookie(desk: Desk, answer: Response) -> None:
    answer.delete_cookie(desk.cookie, path="/", httponly=True, secure=desk.rt.settings.https, samesite="lax")


def _address(request: Request) -> str:
    """The peer's address; behind a trusted proxy the server has already put the guest's own there."""
    return request.client.host if request.client else "unknown"

"""A walk over every route: without a session, with too low a role, with a forged form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from concierge_admin import audit, auth, conversation, figures, inbox, knowledge, live, service_requests, settings
from concierge_admin.permissions import GRANTS, Permission
from concierge_core.domain.people import Role
from concierge_core.runtime import Runtime

SignedIn = Callable[..., Awaitable[Any]]
MODULES = (auth, live, figures, audit, conversation, service_requests, knowledge, settings, inbox)
OPEN = {("GET", "/admin/login"), ("POST", "/admin/login")}


def routes() -> Iterator[tuple[str, str, Permission | None]]:
    for routers in ([m.routes for m in MODULES], [inbox.last_routes]):
        for router in routers:
            for route in router.routes:
                assert isinstance(route, APIRoute)
                gates = [getattr(d.call, "permission", None) for d in route.dependant.dependencies]
                gates = [g for g in gates if g is not None]
                for method in route.methods or ():
                    yield method, route.path, gates[0] if gates else None


def address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nothing-here", path)


WALK = [pytest.param(*r, id=f"{r[0]} {r[1]}") for r in routes()]


@pytest.mark.parametrize(("method", "path", "permission"), WALK)
def test_each_route_names_its_permission(method: str, path: str, permission: Permission | None) -> None:
    assert permission is not None or (method, path) in OPEN


@pytest.mark.parametrize(("method", "path", "permission"), WALK)
async def test_nobody_gets_in_without_a_session(
    method: str, path: str, permission: Permission | None, open_browser: Any
) -> None:
    if permission is None:
        return

    answer = await open_browser().http.request(method, address(path))

    assert answer.status_code in (303, 401)
    assert answer.headers.get("location", "/admin/login").startswith("/admin/login")


async def test_no_role_does_what_it_may_not(signed_in: SignedIn, rt: Runtime) -> None:
    for role in Role:
        browser = await signed_in(role.value.title(), role)
        for method, path, permission in routes():
            if permission is None or permission in GRANTS[role]:
                continue
            if method == "GET":
                answer = await browser.get(address(path))
            else:
                answer = await browser.post(address(path))
            assert answer.status_code == 403, (role, method, path)
            assert "not part of your role" in answer.text


async def test_no_change_is_made_by_a_forged_form(signed_in: SignedIn) -> None:
    browser = await signed_in("Ada", Role.ADMIN)
    for method, path, permission in routes():
        if method != "POST" or permission is None:
            continue
        token = await browser.token()
        forgeries = [
            await browser.post(address(path), token="wrong"),
            await browser.http.post(address(path)),
            await browser.post(address(path), token=token, headers={"origin": "https://evil.example"}),
            await browser.post(address(path), token=token, headers={"origin": "null"}),
            await browser.post(address(path), token=token, headers={"sec-fetch-site": "same-site"}),
        ]
        assert [a.status_code for a in forgeries] == [403] * 5, path
        assert "has grown old" in forgeries[0].text


async def test_pages_are_never_cached_and_run_no_foreign_or_inline_script(
    signed_in: SignedIn, open_browser: Any
) -> None:
    browser = await signed_in("Ada", Role.ADMIN)
    paths = ["/admin/", "/admin/requests", "/admin/knowledge", "/admin/today", "/admin/account", "/admin/nothing"]
    paths += ["/admin/audit", "/admin/settings"]
    pages = [await browser.get(p) for p in paths] + [await open_browser().get("/admin/login")]

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page.text)


async def test_assets_may_be_kept_for_ever(open_browser: Any) -> None:
    browser = open_browser()
    page = (await browser.get("/admin/login")).text

    files = re.findall(r'(?:href|src)="(/admin/assets/[^"]+)"', page)
    answers = [await browser.get(f) for f in files]

    assert files
    assert {a.status_code for a in answers} == {200}
    assert {a.headers["cache-control"] for a in answers} == {"public, max-age=31536000, immutable"}
    assert (await browser.get("/admin/assets/admin.css")).status_code == 404
    assert (await browser.get("/admin/assets/..%2fassets.py")).status_code in (303, 404)

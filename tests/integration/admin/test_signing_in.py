"""The door: who gets in, for how long, and what guessing gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from concierge_admin.accounts import ensure_first_account, set_password
from concierge_admin.app import create_app
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import InvalidInput, NotFound
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock

Hire = Callable[..., Awaitable[Staff]]
Open = Callable[..., Any]
SignedIn = Callable[..., Awaitable[Any]]


async def actions(rt: Runtime) -> list[str]:
    async with rt.store.read() as unit:
        return [e["action"] for e in await unit.audit.entries(rt.tenant_id)]


async def test_the_first_account_is_made_once_and_its_password_opens_the_door(rt: Runtime, open_browser: Open) -> None:
    password = await ensure_first_account(rt)
    assert password is not None
    assert await ensure_first_account(rt) is None

    async with rt.store.read() as unit:
        [account] = await unit.staff.listed(rt.tenant_id)
    assert account.role is Role.ADMIN
    assert (await open_browser().sign_in(account.email, password)).headers["location"] == "/admin/"


async def test_a_new_password_from_outside_ends_all_sessions(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Anna")

    password = await set_password(rt, email=" Anna@Hotel.example ")

    assert (await browser.get("/admin/")).status_code == 303
    assert (await browser.sign_in("anna@hotel.example", password)).status_code == 303
    with pytest.raises(NotFound):
        await set_password(rt, email="nobody@hotel.example")
    with pytest.raises(InvalidInput):
        await set_password(rt, email="anna@hotel.example", password="short")


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(hire: Hire, open_browser: Open) -> None:
    staff, browser = await hire("Anna"), open_browser()

    asked = await browser.get("/admin/knowledge?q=spa")
    assert asked.headers["location"] == "/admin/login?next=/admin/knowledge%3Fq%3Dspa"
    assert 'value="/admin/knowledge?q=spa"' in (await browser.get(asked.headers["location"])).text
    answer = await browser.sign_in(staff.email, next="/admin/knowledge?q=spa")

    assert answer.headers["location"] == "/admin/knowledge?q=spa"
    assert (await browser.get("/admin/login")).status_code == 303


async def test_a_way_back_that_is_no_address_leads_to_the_first_page(open_browser: Open) -> None:
    refused = await open_browser().post(
        "/admin/conversations/c1/reply", {"text": "A"}, headers={"referer": "http://[x"}
    )

    assert refused.headers["location"] == "/admin/login"


@pytest.mark.parametrize(
    "headers",
    [
        {"hx-request": "true", "hx-current-url": "http://localhost:8080/admin/conversations/c1?before=9"},
        {"referer": "http://localhost:8080/admin/conversations/c1?before=9"},
    ],
    ids=["with scripts", "without"],
)
async def test_a_session_that_ended_while_one_wrote_leads_back_to_that_page(
    open_browser: Open, headers: dict[str, str]
) -> None:
    browser = open_browser()

    refused = await browser.post("/admin/conversations/c1/reply", {"text": "With pleasure"}, headers=headers)

    door = refused.headers.get("hx-redirect") or refused.headers["location"]
    assert door == "/admin/login?next=/admin/conversations/c1%3Fbefore%3D9"
    assert "Please sign in to go on where you were" in (await browser.get(door)).text


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(hire: Hire, open_browser: Open) -> None:
    staff = await hire("Anna")

    cookie = (await open_browser().sign_in(staff.email)).headers.get_list("set-cookie")[0]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


async def test_over_https_the_cookie_belongs_to_this_host_alone(
    make_runtime: Callable[..., Awaitable[Runtime]], open_browser: Open
) -> None:
    secure = await make_runtime(public_url="https://hotel.example")
    password = await ensure_first_account(secure)
    browser = open_browser(app=create_app(secure))
    browser.http.base_url = "https://hotel.example"
    browser.http.headers["origin"] = "https://hotel.example"
    async with secure.store.read() as unit:
        [account] = await unit.staff.listed(secure.tenant_id)

    cookie = (await browser.sign_in(account.email, password)).headers.get_list("set-cookie")[0]

    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_a_session_name_that_was_planted_before_opens_nothing(
    hire: Hire, open_browser: Open, rt: Runtime
) -> None:
    staff, browser, attacker = await hire("Anna"), open_browser(), open_browser()
    name = f"concierge-staff-{rt.tenant_id}"
    for client in (browser, attacker):
        client.http.cookies.set(name, "planted")

    answer = await browser.sign_in(staff.email)

    assert answer.status_code == 303
    assert f"{name}=planted" not in answer.headers["set-cookie"]
    assert (await attacker.get("/admin/")).status_code == 303


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(hire: Hire, open_browser: Open) -> None:
    await hire("Anna")

    wrong = await open_browser().sign_in("anna@hotel.example", "not the password")
    unknown = await open_browser().sign_in("nora@hotel.example", "not the password")
    gone = await hire("Gone", active=False)
    inactive = await open_browser().sign_in(gone.email)

    assert [a.status_code for a in (wrong, unknown, inactive)] == [401, 401, 401]
    assert "do not belong together" in wrong.text
    assert "do not belong together" in unknown.text
    assert "do not belong together" in inactive.text


async def test_guessing_is_slowed_down_kindly_and_the_right_password_then_still_works(
    hire: Hire, open_browser: Open, clock: FrozenClock
) -> None:
    staff, browser = await hire("Anna"), open_browser()
    for _ in range(5):
        await browser.sign_in(staff.email, "guess")

    held = await browser.sign_in(staff.email)
    assert held.status_code == 429
    assert "Please wait 5 s" in held.text
    assert held.headers["retry-after"] == "5"
    assert (await open_browser("10.0.0.9").sign_in(staff.email)).status_code == 303

    clock.advance(6)
    assert (await browser.sign_in(staff.email)).status_code == 303


async def test_a_session_ends_when_nobody_has_been_there_for_two_hours(signed_in: SignedIn, clock: FrozenClock) -> None:
    browser = await signed_in()
    for _ in range(3):
        clock.advance(90 * 60)
        assert (await browser.get("/admin/")).status_code == 200

    clock.advance(121 * 60)
    assert (await browser.get("/admin/")).status_code == 303


async def test_a_session_ends_after_a_long_shift_however_busy_it_was(signed_in: SignedIn, clock: FrozenClock) -> None:
    browser = await signed_in()
    for _ in range(11):
        clock.advance(3600)
        assert (await browser.get("/admin/")).status_code == 200

    clock.advance(3601)
    assert (await browser.get("/admin/")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(signed_in: SignedIn, open_browser: Open, rt: Runtime) -> None:
    browser, thief = await signed_in(), open_browser()
    thief.http.cookies.update(browser.http.cookies)

    answer = await browser.post("/admin/logout")

    assert answer.headers["location"] == "/admin/login"
    assert (await thief.get("/admin/")).status_code == 303
    assert {"account.signed_in", "account.signed_out"} <= set(await actions(rt))


async def test_an_account_that_was_switched_off_is_out_at_once(signed_in: SignedIn, rt: Runtime, hire: Hire) -> None:
    browser = await signed_in("Anna")
    async with rt.store.write() as unit:
        staff = await unit.staff.by_email(rt.tenant_id, "anna@hotel.example")
        assert staff is not None
        await unit.staff.save(rt.tenant_id, type(staff)(**{**_fields(staff), "active": False}))

    assert (await browser.get("/admin/")).status_code == 303


async def test_a_form_from_another_site_signs_nobody_in(hire: Hire, open_browser: Open) -> None:
    staff, browser = await hire("Anna"), open_browser()
    token = await browser.token()

    foreign = await browser.post(
        "/admin/login",
        {"email": staff.email, "password": "a password of some length"},
        token=token,
        headers={"origin": "https://evil.example"},
    )
    without = await browser.http.post(
        "/admin/login", data={"email": staff.email, "password": "a password of some length"}
    )

    assert (foreign.status_code, without.status_code) == (403, 403)


async def test_one_changes_ones_own_password(signed_in: SignedIn, open_browser: Open) -> None:
    browser, other = await signed_in(), open_browser()
    await other.sign_in("anna@hotel.example")

    wrong = await browser.post("/admin/account/password", {"current": "no", "new": "another long password"})
    short = await browser.post("/admin/account/password", {"current": "a password of some length", "new": "short"})
    right = await browser.post(
        "/admin/account/password", {"current": "a password of some length", "new": "another long password"}
    )

    assert "The current password is not right" in wrong.text
    assert "at least 12 characters" in short.text
    assert right.status_code == 303
    assert (await browser.get("/admin/")).status_code == 200
    assert (await other.get("/admin/")).status_code == 303
    assert (await open_browser().sign_in("anna@hotel.example", "another long password")).status_code == 303


async def test_two_properties_on_one_host_keep_their_sessions_apart(
    make_runtime: Callable[..., Awaitable[Runtime]], signed_in: SignedIn, open_browser: Open
) -> None:
    browser = await signed_in()
    other = open_browser(app=create_app(await make_runtime(code="other-house")))
    for cookie in browser.http.cookies.jar:
        other.http.cookies.set(cookie.name, cookie.value)
        other.http.cookies.set("concierge-staff-other-house", cookie.value)

    assert (await browser.get("/admin/")).status_code == 200
    assert (await other.get("/admin/")).status_code == 303


def _fields(staff: Staff) -> dict[str, Any]:
    return {name: getattr(staff, name) for name in staff.__slots__}


async def test_an_administrator_reads_who_did_what(signed_in: SignedIn, open_browser: Open) -> None:
    await signed_in("Anna")
    ada = await signed_in("Ada", Role.ADMIN)

    page = (await ada.get("/admin/audit")).text

    assert page.count("Signed in") == 2
    assert "Anna" in page

"""No page of ours makes the browser complain: no error, no warning, nothing that its own policy refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

REPORT = "addEventListener('securitypolicyviolation', (e) => console.error(`refused: ${e.violatedDirective}`))"
DESK_PAGES = ("?view=all", "?view=waiting", "requests", "knowledge", "knowledge/new", "today", "settings", "audit")


@pytest.fixture
def complaints() -> Callable[[Page], list[str]]:
    """What this page's browser complains of, from now on."""

    def listen(page: Page) -> list[str]:
        heard: list[str] = []
        page.add_init_script(REPORT)
        page.on("console", lambda line: heard.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        return heard

    return listen


@pytest.mark.parametrize("path", ["/", "/?lang=ar", "/example"])
def test_a_guests_pages_are_free_of_complaints(house, visit, complaints, path):
    guest = visit(house.url)
    heard = complaints(guest.page)
    guest.page.goto(house.url + path)
    if path == "/example":
        guest.page.get_by_role("button", name="Open chat").click()
    box = guest.page.locator("concierge-chat textarea")
    box.fill("When is breakfast?")
    box.press("Enter")
    expect(guest.page.locator("concierge-chat article.concierge[lang], concierge-chat .card").first).to_be_visible()

    assert heard == []


def test_the_desks_pages_are_free_of_complaints(house, sign_in, complaints):
    staff = sign_in(house)
    heard = complaints(staff.page)
    for path in DESK_PAGES:
        staff.page.goto(f"{house.url}/admin/{path}")
        expect(staff.page.get_by_role("heading").first).to_be_visible()

    assert heard == []


def test_answering_a_guest_is_free_of_complaints_even_in_a_box_that_was_made_larger(house, visit, sign_in, complaints):
    guest, staff = visit(house.url), sign_in(house)
    guest.write("Is the sauna warm?")
    guest.expect_said("Is the sauna warm?")
    heard = complaints(staff.page)
    staff.open_conversation("Is the sauna warm?")
    staff.page.get_by_role("button", name="Take over").click()
    box = staff.page.get_by_role("textbox", name="Reply")
    box.evaluate("box => { box.style.height = '200px' }")
    box.fill("It is, until ten.")
    staff.page.get_by_role("button", name="Send").click()
    guest.expect_said("It is, until ten.")
    expect(box).to_have_value("")
    staff.page.get_by_role("button", name="Hand back").click()
    expect(staff.page.get_by_text("The concierge answers").first).to_be_visible()

    assert heard == []

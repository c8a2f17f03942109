"""A manager changes a setting, with scripts and without; every state of the page is clean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

SignIn = Callable[..., Page]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def setting(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def check(page: Page) -> None:
    result = Axe().run(page, options=RULES)
    assert result.violations_count == 0, page.url + "\n" + result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


def change_phone(page: Page, number: str) -> None:
    card = setting(page, "Telephone number")
    card.locator(".setting-edit > summary").click()
    card.get_by_label("Number").fill(number)
    card.get_by_role("button", name="Save").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_manager_overrides_a_setting_and_returns_to_the_declared_one(
    house: Any, sign_in: SignIn, scripts: bool
) -> None:
    page = sign_in(java_script_enabled=scripts)
    declared = house.rt.declared.spec.property.phone
    page.get_by_role("link", name="Settings").click()
    card = setting(page, "Telephone number")

    change_phone(page, "call us")
    expect(card.get_by_role("alert")).to_contain_text("Nothing was changed")
    expect(card.get_by_label("Number")).to_have_value("call us")
    card.get_by_label("Number").fill("+49 38393 177 0")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("status")).to_contain_text("It holds at once")
    expect(card.get_by_text("+49383931770")).to_be_visible()
    expect(card.get_by_text(declared)).to_be_visible()
    assert house.rt.tenant.spec.property.phone == "+49383931770"

    card.get_by_text("Remove your version").click()
    card.get_by_role("button", name="Remove").click()
    expect(card.get_by_role("status")).to_contain_text("The declared value holds again")
    expect(card.get_by_text("+49383931770")).to_have_count(0)
    assert house.rt.tenant.spec.property.phone == declared


@pytest.mark.parametrize("width", [1360, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_the_page_is_clean(house: Any, sign_in: SignIn, scheme: str, width: int) -> None:
    page = sign_in("clara", color_scheme=scheme, viewport={"width": width, "height": 720})
    page.goto("/admin/settings")
    for summary in page.locator(".setting-edit > summary").all():
        summary.click()
    check(page)

    page.goto("/admin/settings")
    change_phone(page, "call us")
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.goto("/admin/settings")
    change_phone(page, "+49 38393 177 0")
    expect(setting(page, "Telephone number").get_by_role("status")).to_be_visible()
    check(page)
    facts = house.rt.declared.spec.property.model_copy(update={"phone": "+49383931999"})
    spec = house.rt.declared.spec.model_copy(update={"property": facts})
    house.rt.declared = house.rt.declared.model_copy(update={"spec": spec})
    page.goto("/admin/settings")
    expect(page.get_by_text("The declared value has changed since")).to_be_visible()
    page.get_by_text("Remove your version").click()
    check(page)
    bar = page.get_by_role("navigation", name="Main")
    assert bar.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight && e.scrollWidth <= e.clientWidth")

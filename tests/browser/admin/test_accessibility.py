"""Every page: axe finds nothing, in light and in dark, on a desk and on the narrowest phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

SignIn = Callable[..., Page]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check(page: Page) -> None:
    result = Axe().run(page, options=RULES)
    assert result.violations_count == 0, page.url + "\n" + result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"


@pytest.mark.parametrize("width", [1360, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_clean(house: Any, sign_in: SignIn, browser: Browser, scheme: str, width: int) -> None:
    page = sign_in(color_scheme=scheme, viewport={"width": width, "height": 720})
    conversation = f"/admin/conversations/{house.guests['Mira Sandberg'].conversation.id}"
    page.goto("/admin/knowledge")
    article = page.locator("a.article-link").first.get_attribute("href")
    paths = ["/admin/", "/admin/?view=all", "/admin/?view=mine", "/admin/requests?show=all", conversation]
    paths += [f"/admin/requests?conversation={conversation.rsplit('/', 1)[1]}", "/admin/knowledge?q=zebra"]
    paths += ["/admin/knowledge?q=pool", article or "", f"{article}/edit", "/admin/today", "/admin/account"]
    paths += ["/admin/settings"]

    for path in paths:
        page.goto(path)
        check(page)
    page.goto(conversation)
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_label("Your reply to the guest")).to_be_visible()
    check(page)
    page.goto("/admin/nothing")
    check(page)
    chief = sign_in("clara", color_scheme=scheme, viewport={"width": width, "height": 720})
    chief.goto("/admin/audit")
    check(chief)

    context = browser.new_context(
        base_url=house.url,
        color_scheme=scheme,  # type: ignore[arg-type]  # parametrised
        viewport={"width": width, "height": 720},
    )
    door = context.new_page()
    door.goto("/admin/login")
    door.get_by_label("E-mail address").fill("nobody@strandhaus.example")
    door.get_by_label("Password").fill("wrong")
    door.get_by_role("button", name="Sign in").click()
    expect(door.get_by_role("alert")).to_be_visible()
    check(door)
    context.close()

"""Real browsers before the really running product."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from running_house import House


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, or the one that CHROMIUM_PATH names."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def house(start_house: Callable[..., House]) -> House:
    """One property whose desk is always open."""
    return start_house("minimal.yaml")


class GuestPage:
    """A guest's own browser at a property's page."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1100, "height": 800}, **options})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.goto(url + "/")
        expect(self.box).to_be_enabled()

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def log(self) -> Locator:
        """The conversation."""
        return self.page.get_by_role("log")

    def write(self, text: str) -> None:
        """Send a message with the keyboard."""
        self.box.fill(text)
        self.box.press("Enter")

    def expect_said(self, text: str, times: int = 1) -> None:
        """This can be read so many times in the conversation."""
        expect(self.log.get_by_role("article").filter(has_text=text)).to_have_count(times)


class StaffPage:
    """A member of staff at the dashboard."""

    def __init__(self, browser: Browser, house: House, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 860}, **options})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.goto(house.url + "/admin/")
        self.page.get_by_label("E-mail").fill(house.email)
        self.page.get_by_label("Password").fill(house.password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def open_conversation(self, excerpt: str) -> None:
        """Open the conversation whose last words these are."""
        self.page.goto(self.page.url.split("/admin")[0] + "/admin/?view=all")
        self.page.get_by_text(excerpt).first.click()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., GuestPage]]:
    """`visit(url)`: a guest's own browser there."""
    opened: list[GuestPage] = []

    def visit(url: str, **options: Any) -> GuestPage:
        opened.append(GuestPage(chromium, url, **options))
        return opened[-1]

    yield visit
    for each in opened:
        each.context.close()


@pytest.fixture
def sign_in(chromium: Browser) -> Iterator[Callable[..., StaffPage]]:
    """`sign_in(house)`: a member of staff at its dashboard."""
    opened: list[StaffPage] = []

    def sign_in(house: House, **options: Any) -> StaffPage:
        opened.append(StaffPage(chromium, house, **options))
        return opened[-1]

    yield sign_in
    for each in opened:
        each.context.close()


@pytest.fixture
def expect_accessible() -> Callable[[Page], None]:
    """axe finds nothing."""

    def check(page: Page) -> None:
        results = Axe().run(page)
        assert results.violations_count == 0, str(results.response["violations"])

    return check

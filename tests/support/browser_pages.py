"""The two pages of a property as people use them: a guest's, and the staff's."""

from __future__ import annotations

from typing import Any, Protocol

from playwright.sync_api import Browser, Locator, Page, expect


class SignedInto(Protocol):
    """A property with an account."""

    @property
    def url(self) -> str:
        """Without a trailing slash."""

    @property
    def email(self) -> str:
        """The first account's."""

    @property
    def password(self) -> str:
        """The first account's."""


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

    def __init__(self, browser: Browser, house: SignedInto, **options: Any) -> None:
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

"""Chromium, and a hotel that does what it is told. No test here needs the real server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode knows no sibling modules
from fake_hotel import FakeHotel


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium (or `CHROMIUM_PATH`), else the one that Playwright installed."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def hotel() -> Iterator[FakeHotel]:
    with FakeHotel().running() as running:
        yield running


class Guest:
    """A guest with a browser of their own."""

    def __init__(self, browser: Browser, hotel: FakeHotel, **options: Any) -> None:
        self.hotel = hotel
        self.context = browser.new_context(
            **{"viewport": {"width": 1100, "height": 760}, "locale": "en-GB", "reduced_motion": "reduce", **options}
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(8000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if _is_ours(line) else None)

    def visit(self, path: str = "/") -> Guest:
        self.page.goto(self.hotel.url + path)
        return self

    def open_chat(self) -> Guest:
        self.page.get_by_role("button", name="Open chat").click()
        return self

    def is_connected(self) -> Guest:
        """Wait until the hotel has welcomed this page: what passes (typing) is told only then."""
        state = "document.querySelector('concierge-chat')?.connection?.state"
        self.hotel.wait_for(lambda: self.page.evaluate(state) == "connected")
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def says(self, text: str) -> Guest:
        self.box.fill(text)
        self.box.press("Enter")
        return self

    def sees(self, text: str, count: int = 1) -> Guest:
        expect(self.log.get_by_text(text)).to_have_count(count, timeout=8000)
        return self

    def has_answer(self) -> Guest:
        """The whole answer, not its first sentence."""
        self.log.get_by_text(": Breakfast").last.wait_for()
        return self.sees("Breakfast is served")

    def listens(self) -> Callable[[], list[str]]:
        """Listen as a screen reader does from now on; what it returns says what was said so far."""
        expect(self.log).to_be_visible()
        self.page.evaluate(
            """() => {
              window.heard = [];
              const live = document.querySelector("concierge-chat").shadowRoot.querySelector(".live");
              new MutationObserver((changes) => changes.forEach((change) =>
                change.addedNodes.forEach((node) => heard.push(node.textContent)))).observe(live, { childList: true });
            }"""
        )
        return lambda: list(self.page.evaluate("heard"))

    def focused(self) -> str:
        """The name of what has the focus inside the chat."""
        return str(
            self.page.evaluate(
                """() => {
                  const focused = document.querySelector("concierge-chat").shadowRoot.activeElement;
                  return focused ? focused.getAttribute("aria-label") || focused.textContent : "";
                }"""
            )
        )

    def accessibility_faults(self) -> list[str]:
        """What axe finds wrong, as readable lines."""
        found = Axe().run(self.page).response["violations"]
        return [f"{fault['id']}: {node['html']} {node['failureSummary']}" for fault in found for node in fault["nodes"]]


def _is_ours(line: Any) -> bool:
    """Chromium itself reports each connection that fails; the tests make them fail on purpose."""
    return line.type in ("error", "warning") and "WebSocket connection" not in line.text and "net::ERR" not in line.text


@pytest.fixture
def guest(chromium: Browser, hotel: FakeHotel) -> Iterator[Any]:
    """Makes guests: `guest()`, `guest(color_scheme="dark")`. No page of theirs may have had a script error."""
    made: list[Guest] = []

    def make(**options: Any) -> Guest:
        made.append(Guest(chromium, hotel, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
    assert [error for one in made for error in one.errors] == []

"""Real browsers before the really running product."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright

from browser_pages import GuestPage, StaffPage
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

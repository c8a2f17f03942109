"""The chat on other websites, with a strict policy of their own: allowed by the tenant, or not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

HOTELS_SITE = "https://www.strandhaus-ruegen.example"
SOMEBODY_ELSES = "https://www.somebody-else.example"


@pytest.fixture(scope="module")
def house(start_house):
    """A property whose own website may show the chat."""
    return start_house("strandhaus-ruegen.yaml")


@pytest.fixture
def embedded(chromium, house):
    """`embedded(origin)`: a page there, with the one line and the policy that the documents name."""
    # Chromium lets a public website reach this machine only with the visitor's leave.
    context = chromium.new_context(locale="en-GB", permissions=["local-network-access"])
    page = context.new_page()
    page.set_default_timeout(15_000)

    def embedded(origin: str) -> Page:
        policy = (
            f"default-src 'none'; script-src {house.url}; connect-src {house.url} {house.url.replace('http', 'ws')}"
        )
        body = f'<!doctype html><title>A page</title><h1>A page</h1><script src="{house.url}/widget.js" async></script>'
        headers = {
            "content-type": "text/html",
            "content-security-policy": f"{policy}; require-trusted-types-for 'script'",
        }
        page.route(f"{origin}/", lambda route: route.fulfill(body=body, headers=headers))
        page.goto(f"{origin}/")
        page.get_by_role("button", name="Open chat").click()
        return page

    yield embedded
    context.close()


def test_the_chat_works_on_an_allowed_website_under_a_strict_policy(embedded):
    page = embedded(HOTELS_SITE)
    page.get_by_role("textbox", name="Message").fill("When is breakfast?")
    page.get_by_role("textbox", name="Message").press("Enter")

    expect(page.get_by_role("log").get_by_text("From:")).to_be_visible()
    assert page.locator(".panel").evaluate("panel => getComputedStyle(panel).borderRadius") == "20px"


def test_another_website_gets_no_conversation(embedded):
    page = embedded(SOMEBODY_ELSES)

    expect(page.locator(".strip", has_text="Reconnecting")).to_be_visible()
    expect(page.get_by_text("Here for you")).to_have_count(0)

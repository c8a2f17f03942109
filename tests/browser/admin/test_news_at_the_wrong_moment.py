"""News that come while somebody presses, waits or reads: nothing of theirs is lost, and nothing old is put back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from concierge_core.relay import Relay
from concierge_core.use_cases.staff import make_request

SignIn = Callable[..., Page]
SOON_SECONDS = 15


def open_guest(page: Page, name: str) -> None:
    page.goto("/admin/?view=all")
    page.get_by_role("link").filter(has=page.get_by_text(name, exact=True)).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.locator(".live-word")).to_have_text("Live")


def open_list(page: Page, path: str, rows: str) -> None:
    """Open a list, and wait until it has read its first news: from there on only what happens renews it."""
    with page.expect_response(rows):
        page.goto(path)
    expect(page.locator(".live-word")).to_have_text("Live")


def message(page: Page, text: str) -> Locator:
    return page.locator("#transcript article", has_text=text)


def press(button: Locator) -> None:
    button.hover()
    button.page.mouse.down()


def hold(page: Page, pattern: str) -> list[Route]:
    """Requests to `pattern` wait here until the test lets them go."""
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))
    return held


def until(page: Page, held: list[Route], count: int = 1) -> None:
    """Until so many requests are held; each look lets the browser's news come in."""
    ends = time.monotonic() + SOON_SECONDS
    while len(held) < count:
        assert time.monotonic() < ends, "the page did not ask"
        page.evaluate("0")


def answer_now_show_later(route: Route) -> Callable[[], None]:
    """The server answers at once, the browser hears of it when the result is called."""
    answer = route.fetch()
    return lambda: route.fulfill(response=answer)


def test_a_press_counts_although_news_come_before_it_ends(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")

    press(page.get_by_role("button", name="Take over"))
    house.writes("Mira Sandberg", "Is anybody there?")
    expect(message(page, "Is anybody there?")).to_be_visible()
    page.mouse.up()

    expect(page.get_by_text("You answer")).to_be_visible()
    expect(page.get_by_label("Your reply to the guest")).to_be_visible()


def test_a_press_on_a_row_counts_and_the_list_is_renewed_afterwards(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_list(page, "/admin/?view=all", "**/admin/inbox/rows?view=all")
    row = page.get_by_role("link", name="Paul Marchetti")

    press(row)
    with page.expect_response("**/admin/partials/navigation"):
        house.writes("Paul Marchetti", "And a high chair, please.")
    page.mouse.move(1, 1)
    page.mouse.up()
    expect(row).to_contain_text("high chair")

    press(row)
    for text in ("Two, in fact.", "Sorry, three."):
        with page.expect_response("**/admin/partials/navigation"):
            house.writes("Paul Marchetti", text)
    page.mouse.up()
    expect(page.get_by_role("heading", name="Paul Marchetti", level=1)).to_be_visible()


def test_news_asked_for_before_a_take_over_do_not_undo_it(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    held = hold(page, "**/news?*")
    house.writes("Mira Sandberg", "Hello?")
    until(page, held)
    show_old_news = answer_now_show_later(held[0])

    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("You answer")).to_be_visible()
    page.get_by_label("Your reply to the guest").fill("Good evening!")
    show_old_news()
    until(page, held, 2)

    expect(page.get_by_text("You answer")).to_be_visible()
    held[1].continue_()
    expect(message(page, "Hello?")).to_have_count(1)
    expect(page.get_by_label("Your reply to the guest")).to_have_value("Good evening!")
    page.unroute("**/news?*")


def test_a_refused_line_is_said_although_news_came_meanwhile(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    held = hold(page, "**/take-over")
    page.get_by_role("button", name="Take over").click()
    until(page, held)
    house.writes("Mira Sandberg", "Hello?")
    expect(message(page, "Hello?")).to_be_visible()

    held[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")
    with page.expect_response("**/admin/partials/navigation"):
        house.writes("Mira Sandberg", "Anybody?")
    expect(message(page, "Anybody?")).to_be_visible()

    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")


def test_the_end_is_followed_when_the_scroll_is_heard_of_late(house: Any, sign_in: SignIn) -> None:
    page = sign_in(viewport={"width": 1280, "height": 560})
    open_guest(page, "Mira Sandberg")
    page.evaluate(
        "document.body.addEventListener('htmx:afterSwap', "
        "() => document.getElementById('scroll').dispatchEvent(new Event('scroll')))"
    )

    for text in ("Are the towels here?", "And a bathrobe?"):
        house.writes("Mira Sandberg", text)
        expect(message(page, text)).to_be_in_viewport(ratio=1)

    expect(page.get_by_role("button", name="New messages")).to_be_hidden()


def test_who_reads_further_up_stays_there_and_is_told(house: Any, sign_in: SignIn) -> None:
    page = sign_in(viewport={"width": 1280, "height": 560})
    open_guest(page, "Mira Sandberg")
    first = page.locator("#transcript article").first
    page.locator("#scroll").hover()
    page.mouse.wheel(0, -4000)
    expect(first).to_be_in_viewport(ratio=1)

    house.writes("Mira Sandberg", "Are the towels here?")
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    expect(first).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="New messages").click()

    expect(message(page, "Are the towels here?")).to_be_in_viewport(ratio=1)


def test_news_during_a_refresh_of_the_list_are_shown_too(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_list(page, "/admin/?view=with_staff", "**/admin/inbox/rows?view=with_staff")
    held = hold(page, "**/admin/inbox/rows?*")
    house.writes("Paul Marchetti", "And a high chair, please.")
    until(page, held)
    show_first = answer_now_show_later(held[0])
    for text in ("Two, in fact.", "Sorry, three."):
        with page.expect_response("**/admin/partials/navigation"):
            house.writes("Paul Marchetti", text)

    show_first()
    until(page, held, 2)
    held[1].continue_()

    expect(page.get_by_role("link", name="Paul Marchetti")).to_contain_text("Sorry, three.")


def test_news_are_not_missed_while_the_line_is_still_being_laid(house: Any, sign_in: SignIn) -> None:
    signed_in = sign_in()
    page = signed_in.context.new_page()
    signed_in.close()
    held = hold(page, "**/admin/events*")
    page.clock.install()
    page.goto("/admin/?view=with_staff")
    until(page, held)
    page.clock.run_for(1000)
    page.evaluate("fetch('/admin/partials/navigation')")  # whatever the page asks of itself has been answered by then
    house.writes("Paul Marchetti", "And a high chair, please.")
    house.do(Relay(house.rt).give_positions())  # what the line would tell begins after it

    held[0].continue_()

    expect(page.get_by_role("link", name="Paul Marchetti")).to_contain_text("high chair")


def test_news_are_made_up_for_after_a_choice_in_a_list(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_list(page, "/admin/requests", "**/admin/requests/rows?*")
    choice = page.locator("#by-department")
    choice.focus()
    with page.expect_response("**/admin/partials/navigation"):
        house.do(_wish(house))
    expect(page.locator("li", has_text="A cot for the baby")).to_have_count(0)

    choice.blur()

    expect(page.locator("li", has_text="A cot for the baby")).to_have_count(1)


def test_a_list_without_news_is_left_alone(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    page.clock.install()
    open_list(page, "/admin/?view=with_staff", "**/admin/inbox/rows?view=with_staff")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for _ in range(5):
        page.clock.run_for(2000)

    assert [url for url in asked if "/rows" in url or "/partials/" in url] == []


async def _wish(house: Any) -> None:
    async with house.rt.store.read() as unit:
        [anna] = [s for s in await unit.staff.listed(house.rt.tenant_id) if s.name == "Anna Petersen"]
    await make_request(house.rt, staff=anna, summary="A cot for the baby", department="housekeeping", kind="other")

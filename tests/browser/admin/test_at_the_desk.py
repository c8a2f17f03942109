"""An evening at the front desk, in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from concierge_core.domain.conversation import Author
from concierge_core.domain.events import TypingChanged

SignIn = Callable[..., Page]
PASSWORD = "a password of some length"


def open_guest(page: Page, name: str) -> None:
    page.goto("/admin/?view=all")
    page.get_by_role("link").filter(has=page.get_by_text(name, exact=True)).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_the_inbox_changes_by_itself_when_a_guest_writes(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/admin/?view=concierge")
    expect(page.locator(".live-word")).to_have_text("Live")

    house.writes("Guest", "And is there an early breakfast for hikers?")

    expect(page.get_by_role("link", name="Guest")).to_contain_text("early breakfast")


def test_the_reply_is_seen_as_it_grows(house: Any, sign_in: SignIn, stream: Any) -> None:
    page = sign_in()
    open_guest(page, "Guest")
    expect(page.locator(".live-word")).to_have_text("Live")
    pause = asyncio.Event()
    house.concierge.add(*stream("You can park in the yard.", "It costs 12 euros a night.", pause=pause))

    house.writes("Guest", "Where can I park?")
    growing = page.locator("#growing")
    expect(growing).to_be_visible()
    expect(growing).to_contain_text("You can park in the yard.")
    expect(growing).to_have_attribute("aria-busy", "true")
    house.do(_set(pause))

    final = page.locator("article", has_text="It costs 12 euros a night.")
    expect(final).to_have_count(1)
    expect(final).to_contain_text("Built-in answerer")
    expect(growing).to_be_hidden()
    expect(page.locator("article", has_text="Where can I park?")).to_contain_text("90 % sure")


def test_the_newest_message_stays_in_view_whoever_wrote_it(house: Any, sign_in: SignIn) -> None:
    page = sign_in(viewport={"width": 1280, "height": 560})
    open_guest(page, "Mira Sandberg")
    expect(page.locator(".live-word")).to_have_text("Live")
    newest = page.locator("#transcript article").last
    expect(newest).to_be_in_viewport(ratio=1)

    page.get_by_role("button", name="Take over").click()
    box = page.get_by_role("textbox", name="Your reply to the guest")
    expect(box).to_be_visible()
    expect(newest).to_be_in_viewport(ratio=1)
    for number in range(1, 4):
        box.fill(f"Towel {number} is on its way.")
        page.get_by_role("button", name="Send").click()
        expect(newest).to_contain_text(f"Towel {number} is on its way.")
        expect(newest).to_be_in_viewport(ratio=1)
        expect(box).to_have_value("")
    house.writes("Mira Sandberg", "How kind!")

    expect(newest).to_contain_text("How kind!")
    expect(newest).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="New messages")).to_be_hidden()


def test_a_colleague_takes_over_writes_and_hands_back(house: Any, sign_in: SignIn) -> None:
    anna, ben = sign_in("anna"), sign_in("ben")
    open_guest(anna, "Mira Sandberg")
    open_guest(ben, "Mira Sandberg")

    anna.get_by_role("button", name="Take over").click()
    expect(anna.get_by_text("You answer")).to_be_visible()
    expect(ben.get_by_text("Anna Petersen answers")).to_be_visible()
    expect(ben.get_by_role("button", name="Take over")).to_have_count(0)

    anna.get_by_label("Your reply to the guest").fill("The towels are on their way.")
    anna.keyboard.press("Control+Enter")
    for page in (anna, ben):
        expect(page.locator("article", has_text="The towels are on their way.")).to_have_count(1)
    expect(anna.get_by_label("Your reply to the guest")).to_have_value("")
    expect(anna.get_by_label("Your reply to the guest")).to_be_focused()

    anna.get_by_role("button", name="Hand back").click()
    expect(ben.get_by_text("The concierge answers", exact=True)).to_be_visible()
    expect(anna.get_by_text("with a fresh start")).to_be_visible()


def test_a_reply_blind_to_a_newer_message_is_kept(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    page.get_by_role("button", name="Take over").click()
    field = page.get_by_label("Your reply to the guest")
    field.fill("Two towels, gladly.")
    page.route("**/news?*", lambda route: route.abort())  # the live view is stuck

    house.writes("Mira Sandberg", "Make it three, please!")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("alert")).to_contain_text("There is a new message")
    expect(page.locator("article", has_text="Make it three, please!")).to_contain_text("New")
    expect(field).to_have_value("Two towels, gladly.")
    page.unroute("**/news?*")
    field.fill("Three towels, gladly.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article", has_text="Three towels, gladly.")).to_have_count(1)


def test_a_reply_that_cannot_be_sent_is_kept_and_said_so(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    page.get_by_role("button", name="Take over").click()
    page.get_by_label("Your reply to the guest").fill("On their way!")
    page.route("**/reply", lambda route: route.abort())

    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")
    page.reload()
    expect(page.get_by_label("Your reply to the guest")).to_have_value("On their way!")
    page.unroute("**/reply")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("article", has_text="On their way!")).to_have_count(1)
    expect(page.get_by_label("Your reply to the guest")).to_have_value("")


def test_typing_is_seen_on_both_sides(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    page.get_by_role("button", name="Take over").click()
    conversation = house.guests["Mira Sandberg"].conversation.id
    heard = house.do(_listen(house, conversation))

    house.do(house.rt.broadcast.publish(house.rt.tenant_id, TypingChanged(conversation, Author.GUEST.value, True)))
    expect(page.locator("#guest-typing")).to_be_visible()
    page.get_by_label("Your reply to the guest").press_sequentially("Good")

    assert house.do(_first_typing(heard)) == TypingChanged(conversation, Author.STAFF.value, True)


def test_a_dropped_connection_comes_back_without_a_gap_or_a_double(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    open_guest(page, "Mira Sandberg")
    expect(page.locator(".live-word")).to_have_text("Live")

    page.context.set_offline(True)
    page.evaluate("window.stop()")
    house.writes("Mira Sandberg", "Are you still there?")
    page.context.set_offline(False)

    expect(page.locator("article", has_text="Are you still there?")).to_have_count(1, timeout=20000)


def test_all_tabs_share_one_connection(house: Any, sign_in: SignIn) -> None:
    first = sign_in()
    expect(first.locator(".live-word")).to_have_text("Live")
    asked: list[str] = []
    first.context.on("request", lambda r: asked.append(r.url) if "/admin/events" in r.url else None)
    first.goto("/admin/?view=concierge")
    second = first.context.new_page()
    second.goto("/admin/?view=concierge")
    expect(first.locator(".live-word")).to_have_text("Live")

    house.writes("Guest", "Do you have bicycles?")

    for page in (first, second):
        expect(page.get_by_role("link", name="Guest")).to_contain_text("bicycles")
    assert len(asked) == 1
    first.close()
    house.writes("Guest", "And helmets?")
    expect(second.get_by_role("link", name="Guest")).to_contain_text("helmets")


def test_a_request_is_made_and_worked_off(house: Any, sign_in: SignIn) -> None:
    page = sign_in("ben")
    page.goto("/admin/requests")
    page.locator("summary", has_text="New request").click()
    page.get_by_label("What is needed?").fill("A cot for the baby")
    page.locator("#department").select_option("housekeeping")
    page.locator("#room_number").fill("118")
    page.get_by_role("button", name="Make the request").click()

    row = page.locator("li", has_text="A cot for the baby")
    for step, state in (("Accept", "Accepted"), ("On the way", "On the way")):
        row.get_by_role("button", name=step).click()
        expect(row.locator(".pill").first).to_have_text(state)
    row.get_by_role("button", name="Done").click()
    expect(row).to_have_count(0)


def test_knowledge_is_found_while_typing_and_overridden(house: Any, sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/admin/knowledge")

    page.get_by_label("Search the knowledge").press_sequentially("check in")
    expect(page.get_by_role("status")).to_contain_text("found")
    page.locator("a.article-link").first.click()
    page.get_by_role("link", name="Write your own version").click()
    page.locator("#answer_en").fill("From 14:00, because the house is quiet this week.")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Guests are answered from it at once")).to_be_visible()
    expect(page.get_by_role("heading", name="Your version")).to_be_visible()
    expect(page.get_by_role("heading", name="Declared")).to_contain_text("Overridden")


def test_everything_but_live_works_without_scripts(house: Any, sign_in: SignIn) -> None:
    page = sign_in(java_script_enabled=False)
    open_guest(page, "Mira Sandberg")

    page.get_by_role("button", name="Take over").click()
    page.get_by_label("Your reply to the guest").fill("On their way!")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article", has_text="On their way!")).to_have_count(1)
    page.get_by_role("button", name="Hand back").click()
    expect(page.get_by_text("with a fresh start")).to_be_visible()
    page.goto("/admin/knowledge")
    page.get_by_label("Search the knowledge").fill("sauna")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("found")


def test_a_guest_is_helped_by_keyboard_alone(house: Any, browser: Browser) -> None:
    context = browser.new_context(base_url=house.url)
    page = context.new_page()
    page.goto("/admin/")
    page.keyboard.type("anna@strandhaus.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "Mira Sandberg")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/*")
    _tab_to(page, "Take over")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your reply to the guest")).to_be_visible()
    _tab_to(page, "", tag="TEXTAREA")
    page.keyboard.type("Good evening, Ms Sandberg.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article", has_text="Good evening, Ms Sandberg.")).to_have_count(1)
    context.close()


def _tab_to(page: Page, text: str, tag: str = "") -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.tagName, document.activeElement.textContent]")
        if (tag and focused[0] == tag) or (not tag and text in focused[1] and focused[0] in ("A", "BUTTON")):
            return
    raise AssertionError(f"no way to {text or tag} by Tab")


async def _set(event: asyncio.Event) -> None:
    event.set()


async def _listen(house: Any, conversation: str) -> Any:
    manager = house.rt.broadcast.subscribe(house.rt.tenant_id, conversation)
    subscription = await manager.__aenter__()
    return manager, subscription


async def _first_typing(heard: Any) -> Any:
    manager, subscription = heard
    try:
        async with asyncio.timeout(10):
            async for event in subscription:
                if isinstance(event, TypingChanged) and event.author == Author.STAFF.value:
                    return event
    finally:
        await manager.__aexit__(None, None, None)

"""What a guest sees and how they move: launcher, keyboard, languages, small screens, dark, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_hotel import FakeHotel
from playwright.sync_api import expect


def test_the_launcher_counts_what_was_not_read_and_opening_clears_it(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit("/example").open_chat().says("Hello").has_answer()
    anna.page.get_by_role("button", name="Close chat").first.click()
    hotel.speak("staff", "Are you still there?", staff_name="Mara")
    hotel.speak("staff", "No hurry.", staff_name="Mara")

    launcher = anna.page.get_by_role("button", name="Open chat. Unread messages: 2")
    expect(launcher.locator(".badge")).to_have_text("2")
    anna.page.reload()
    expect(launcher.locator(".badge")).to_have_text("2")
    launcher.click()
    expect(anna.page.locator(".badge")).to_have_count(0)
    anna.sees("No hurry.")


def test_nobody_is_connected_before_they_open_the_chat(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit("/example")
    expect(anna.page.get_by_role("button", name="Open chat")).to_be_visible()
    assert hotel.hellos == 0

    anna.open_chat()
    hotel.wait_for(lambda: hotel.hellos == 1)


def test_the_foreign_page_and_the_chat_leave_each_other_alone(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit("/example").open_chat()

    assert anna.page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Trebuchet MS"')
    send = anna.page.get_by_role("button", name="Send")
    assert send.evaluate("e => getComputedStyle(e).textTransform") == "none"
    assert send.evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"


def test_everything_can_be_done_with_the_keyboard(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit("/example")
    expect(anna.page.get_by_role("button", name="Open chat")).to_be_visible()
    keyboard = anna.page.keyboard
    for _ in range(4):  # three links of the page, then the launcher
        keyboard.press("Tab")
    assert anna.focused() == "Open chat"
    keyboard.press("Enter")
    assert anna.focused() == "Message"
    keyboard.type("One line")
    keyboard.press("Shift+Enter")
    keyboard.type("and another")
    keyboard.press("Enter")
    anna.has_answer()
    assert hotel.frames("message.send")[0]["text"] == "One line\nand another"
    expect(anna.page.get_by_role("button", name="No, thank you")).to_be_visible()
    keyboard.press("Shift+Tab")
    assert anna.focused() == "No, thank you"
    keyboard.press("Space")
    assert anna.focused() == "Conversation"
    keyboard.press("Escape")
    assert anna.focused() == "Open chat"
    expect(anna.page.get_by_role("dialog")).to_be_hidden()


def test_a_message_that_arrives_takes_no_focus(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    anna.page.get_by_role("button", name="Add my details").click()
    anna.page.keyboard.type("Ad")
    hotel.speak("staff", "Hello!", staff_name="Mara")
    anna.sees("Hello!")
    anna.page.keyboard.type("a")

    expect(anna.page.get_by_label("Name")).to_have_value("Ada")


def test_who_reads_further_up_is_not_pulled_down(guest: Any, hotel: FakeHotel) -> None:
    hotel.reply = ["A long answer. " * 120]
    anna = guest(viewport={"width": 900, "height": 500}).visit().says("Tell me everything").sees("A long answer.")
    newest = anna.page.get_by_role("button", name="New messages")
    anna.log.evaluate("log => log.scrollTo(0, 0)")
    anna.page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    )  # it is told of the scroll
    hotel.speak("staff", "Down here!", staff_name="Mara")
    expect(newest).to_be_visible()
    assert anna.log.evaluate("log => log.scrollTop") == 0
    newest.click()

    expect(newest).to_be_hidden()
    expect(anna.log.get_by_text("Down here!")).to_be_in_viewport()


def test_a_scroll_that_is_heard_of_after_the_page_has_changed_is_no_reading_further_up(
    guest: Any, hotel: FakeHotel
) -> None:
    hotel.reply = ["A long answer. " * 120]
    anna = guest(viewport={"width": 900, "height": 800}).visit().says("Tell me everything").sees("A long answer.")
    anna.log.evaluate(
        """log => {
          const text = log.getRootNode().querySelector("textarea");
          text.value = "A line of mine\\n".repeat(8);
          text.dispatchEvent(new Event("input"));
          log.dispatchEvent(new Event("scroll"));
        }"""
    )

    hotel.speak("staff", "Down here!", staff_name="Mara")

    expect(anna.log.get_by_text("Down here!")).to_be_in_viewport()
    expect(anna.page.get_by_role("button", name="New messages")).to_be_hidden()


def test_arabic_is_written_from_right_to_left_and_each_message_in_its_own_direction(
    guest: Any, hotel: FakeHotel
) -> None:
    anna = guest().visit("/?lang=ar")
    box = anna.page.get_by_role("textbox", name="الرسالة")
    box.fill("When is breakfast?")
    box.press("Enter")
    own, answer = anna.log.get_by_text("When is breakfast?"), anna.log.get_by_text("Breakfast is served")

    expect(answer).to_be_visible()
    assert anna.page.locator("html").get_attribute("dir") == "rtl"
    assert own.evaluate("e => getComputedStyle(e).direction") == "ltr"
    assert own.bounding_box()["x"] < answer.bounding_box()["x"]
    expect(anna.page.get_by_role("button", name="التحدث إلى موظف")).to_be_visible()


def test_the_guest_can_change_the_language_and_it_stays(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    anna.page.get_by_role("combobox", name="Language").select_option("de")
    expect(anna.page.get_by_role("button", name="Mit einem Menschen sprechen")).to_be_visible()
    expect(anna.page.get_by_text("Ein stilles Haus")).to_be_visible()
    hotel.wait_for(lambda: hotel.frames("hello")[-1]["language"] == "de")
    anna.has_answer()
    anna.page.reload()

    expect(anna.page.get_by_role("textbox", name="Nachricht")).to_be_visible()


def test_a_small_phone_needs_no_sideways_scrolling_and_has_room_to_tap(guest: Any, hotel: FakeHotel) -> None:
    for path in ("/", "/example"):
        anna = guest(viewport={"width": 320, "height": 568}).visit(path)
        if path == "/example":
            anna.open_chat()
        anna.says("Hello").has_answer()

        assert anna.page.evaluate("document.documentElement.scrollWidth") <= 320
        for button in anna.page.locator("concierge-chat").get_by_role("button").all():
            if button.is_visible():
                box = button.bounding_box()
                assert box["width"] >= 44, button
                assert box["height"] >= 44, button
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 320


@pytest.mark.parametrize("path", ["/", "/example"])
@pytest.mark.parametrize("width", [320, 390])
def test_a_guest_with_a_phone_sees_the_number_to_call(guest: Any, hotel: FakeHotel, path: str, width: int) -> None:
    anna = guest(viewport={"width": width, "height": 568}).visit(path)
    if path == "/example":
        anna.open_chat()
    number = anna.page.get_by_role("link", name="+49 38393 555 0")

    expect(number).to_be_in_viewport()
    assert number.get_attribute("href") == "tel:+49383935550"
    assert number.bounding_box()["height"] >= 44


def surface(anna: Any) -> str:
    return str(anna.page.locator(".panel").evaluate("e => getComputedStyle(e).backgroundColor"))


def test_dark_follows_the_device_unless_the_page_says_otherwise(guest: Any, hotel: FakeHotel) -> None:
    anna = guest(color_scheme="dark").visit()
    expect(anna.box).to_be_visible()
    assert surface(anna) == "rgb(23, 25, 29)"

    anna.page.locator("concierge-chat").evaluate("e => e.setAttribute('theme', 'light')")
    assert surface(anna) == "rgb(255, 255, 255)"


CONTRAST = """(selector) => {
  const element = document.querySelector("concierge-chat").shadowRoot.querySelector(selector);
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? ground(node.parentElement) : colour;
  };
  const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort();
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
COLOURS = ["#ffe600", "#0b1f3a", "#808080", "#757575", "#7fbf7f", "#ffffff", "#000000", "#ff0000", "#0000ff", "#00b7ff"]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_any_brand_colour_stays_readable(guest: Any, hotel: FakeHotel, colour: str, scheme: str) -> None:
    """Painted and measured: axe passes over what it can't work out."""
    hotel.fields["branding"] = {"primary_color": colour, "accent_color": colour}
    anna = guest(color_scheme=scheme).visit().says("Hello").has_answer()
    anna.page.get_by_role("button", name="Add my details").click()

    for selector in (".guest .text", ".composer .main", ".person", ".card .main", ".meta", ".concierge .text"):
        assert anna.page.evaluate(CONTRAST, selector) >= 4.5, selector
    assert anna.accessibility_faults() == []


def a_conversation(anna: Any, hotel: FakeHotel) -> None:
    anna.visit().says("Hello").has_answer()


def a_form(anna: Any, hotel: FakeHotel) -> None:
    a_conversation(anna, hotel)
    anna.page.get_by_role("button", name="Add my details").click()


def a_rating(anna: Any, hotel: FakeHotel) -> None:
    a_conversation(anna, hotel)
    anna.page.get_by_role("button", name="No, thank you").click()
    hotel.own(ownership="closed", status="closed")
    expect(anna.page.get_by_role("button", name="5 of 5")).to_be_visible()


def with_staff(anna: Any, hotel: FakeHotel) -> None:
    a_conversation(anna, hotel)
    hotel.own(ownership="staff", status="with_staff", staff_name="Mara")
    hotel.speak("staff", "See https://strandhaus.example", staff_name="Mara")
    hotel.say({"type": "typing", "author": "staff", "active": True})
    expect(anna.page.get_by_role("img", name="Mara is writing…")).to_be_visible()


def a_bad_line(anna: Any, hotel: FakeHotel) -> None:
    hotel.refusals = [{"code": "malformed", "message": "no"}]
    anna.visit().says("Hello")
    expect(anna.page.get_by_role("button", name="Not sent – tap to try again")).to_be_visible()
    hotel.is_down = True
    hotel.drop()
    expect(anna.page.locator(".strip", has_text="Reconnecting…")).to_be_visible()


def in_arabic(anna: Any, hotel: FakeHotel) -> None:
    anna.visit("/?lang=ar")
    expect(anna.page.get_by_role("textbox")).to_be_visible()


def embedded(anna: Any, hotel: FakeHotel) -> None:
    anna.visit("/example").open_chat().says("Hello").has_answer()


SCENES = [a_conversation, a_form, a_rating, with_staff, a_bad_line, in_arabic, embedded]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_axe_finds_nothing(guest: Any, hotel: FakeHotel, scene: Callable[[Any, FakeHotel], None], scheme: str) -> None:
    anna = guest(color_scheme=scheme)
    scene(anna, hotel)

    assert anna.accessibility_faults() == []

"""A guest and the staff of a really running property, each in their own browser."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import expect

from processes import Disk, family


def test_a_guest_asks_and_is_answered_by_an_ai_that_names_its_source(house, visit):
    guest = visit(house.url)
    guest.write("When is breakfast?")

    reply = guest.log.get_by_role("article").last
    expect(reply).to_contain_text("AI")
    expect(reply).to_contain_text("From:")


def test_a_reload_resumes_the_conversation(house, visit):
    guest = visit(house.url)
    guest.write("When is breakfast, please?")
    guest.expect_said("When is breakfast, please?")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")
    before = guest.log.get_by_role("article").count()

    guest.page.reload()

    guest.expect_said("When is breakfast, please?")
    expect(guest.log.get_by_role("article")).to_have_count(before)


def test_take_over_and_hand_back_are_seen_on_both_sides(house, visit, sign_in):
    guest, staff = visit(house.url), sign_in(house)
    guest.write("May I bring my parrot?")
    guest.expect_said("May I bring my parrot?")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")

    staff.page.goto(house.url + "/admin/?view=all")
    staff.page.locator("a[href*='/conversations/']").first.click()
    expect(staff.page.get_by_text("May I bring my parrot?").first).to_be_visible()
    staff.page.get_by_role("button", name="Take over").click()
    box = staff.page.get_by_role("textbox", name="Reply")
    box.fill("Parrots are welcome, if they are quiet after ten.")
    staff.page.get_by_role("button", name="Send").click()
    guest.expect_said("Parrots are welcome")

    guest.write("He sings, but softly.")
    expect(staff.page.get_by_text("He sings, but softly.").first).to_be_visible()
    staff.page.get_by_role("button", name="Hand back").click()
    expect(staff.page.get_by_text("The concierge answers").first).to_be_visible()
    guest.write("When is breakfast?")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")


def test_the_inbox_shows_a_new_guest_without_a_reload(house, visit, sign_in):
    staff = sign_in(house)
    staff.page.goto(house.url + "/admin/?view=all")
    rows = staff.page.get_by_role("main").locator("a[href*='/conversations/']")
    before = rows.count()
    guest = visit(house.url)
    guest.write("A question about zeppelins")

    expect(rows).to_have_count(before + 1)
    rows.first.click()
    expect(staff.page.get_by_text("A question about zeppelins").first).to_be_visible()


def test_a_guest_gets_a_person_with_one_button(house, visit, sign_in):
    guest, staff = visit(house.url), sign_in(house)
    guest.write("Hello")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")

    guest.page.get_by_role("button", name="Talk to a person").click()

    guest.expect_said("I have asked a colleague to join us")
    staff.page.goto(house.url + "/admin/?view=waiting")
    expect(staff.page.locator("a[href*='/conversations/']").first).to_be_visible()


def test_keyboard_alone_is_enough(house, visit):
    guest = visit(house.url)
    for _ in range(20):
        if guest.box.evaluate("e => e === e.getRootNode().activeElement"):
            break
        guest.page.keyboard.press("Tab")
    guest.page.keyboard.type("When is breakfast?")
    guest.page.keyboard.press("Enter")

    expect(guest.log.get_by_role("article").last).to_contain_text("From:")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 640}},
    ],
    ids=["light", "dark", "320px"],
)
def test_every_page_is_accessible(house, visit, sign_in, expect_accessible, options):
    guest, staff = visit(house.url, **options), sign_in(house, **options)
    guest.write("When is breakfast?")
    expect(guest.log.get_by_role("article").last).to_contain_text("From:")
    expect_accessible(guest.page)
    assert guest.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for path in ("/admin/?view=all", "/admin/requests", "/admin/knowledge"):
        staff.page.goto(house.url + path)
        expect_accessible(staff.page)
        assert staff.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_two_properties_side_by_side_never_mix(start_house, visit):
    both = start_house("minimal.yaml", "strandhaus-ruegen.yaml")
    here, there = visit(both.urls[0]), visit(both.urls[1])
    here.write("A secret for the first house")
    there.write("A secret for the second house")

    here.expect_said("A secret for the first house")
    there.expect_said("A secret for the second house")
    here.expect_said("A secret for the second house", times=0)
    there.expect_said("A secret for the first house", times=0)
    token = here.page.evaluate("JSON.stringify(Object.entries(localStorage))")
    there.page.evaluate("entries => JSON.parse(entries).forEach(([k, v]) => localStorage.setItem(k, v))", token)
    there.page.reload()
    there.expect_said("A secret for the first house", times=0)
    both.stop()


def test_a_server_that_dies_and_comes_back_costs_no_message_and_doubles_none(start_house, visit):
    house = start_house("minimal.yaml")
    guest = visit(house.url)
    guest.write("When is breakfast?")
    expect(guest.log.get_by_role("article").last).to_contain_text("From:")
    web = next(p for p in family(house.process.pid) if p.command == "concierge_cli.web")

    os.kill(web.pid, signal.SIGKILL)
    guest.write("Written while you were away")

    guest.expect_said("Written while you were away")
    expect(guest.log.get_by_role("article").last).to_contain_text("Concierge · AI", timeout=40_000)
    guest.page.reload()
    guest.expect_said("Written while you were away", times=1)
    guest.expect_said("When is breakfast?", times=1)
    house.stop()


def test_on_a_full_disk_the_widget_keeps_the_message_and_sends_it_once_there_is_room(start_house, visit):
    house = start_house("minimal.yaml")
    guest = visit(house.url)
    guest.write("When is breakfast?")
    expect(guest.log.get_by_role("article").last).to_contain_text("From:")
    disk = Disk(next(p.pid for p in family(house.process.pid) if p.command == "concierge_cli.web"))

    disk.fill()
    guest.write("Is there room for one more?")
    expect(guest.log.get_by_role("article").last).to_contain_text("Waiting to be sent")
    guest.page.reload()
    expect(guest.log.get_by_role("article").last).to_contain_text("Waiting to be sent")
    disk.make_room()

    expect(guest.log.get_by_role("article").last).to_contain_text("Concierge · AI", timeout=40_000)
    guest.page.reload()
    guest.expect_said("Is there room for one more?", times=1)
    house.stop()

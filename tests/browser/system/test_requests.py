"""Service requests between a guest and staff, each in their own browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

STEPS = (("Accept", "looking after your request"), ("On the way", "on its way"), ("Done", "is done"))


def test_a_guest_reads_in_the_conversation_what_becomes_of_their_request(house, visit, sign_in):
    guest, staff = visit(house.url), sign_in(house)
    guest.write("Fresh towels to room 12, please")
    expect(guest.log.get_by_role("article").last).to_contain_text(re.compile(r"request \d+"))

    staff.page.goto(house.url + "/admin/requests")
    towels = staff.page.locator(".request", has_text="towels").first
    for deed, words in STEPS:
        towels.get_by_role("button", name=deed).click()
        guest.expect_said(words)
    guest.page.reload()

    for _, words in STEPS:
        guest.expect_said(words)
    staff.open_conversation("Fresh towels to room 12")
    for _, words in STEPS:
        expect(staff.page.locator(".message-notice", has_text=words)).to_be_visible()


def test_staff_can_work_without_scripts(house, visit, sign_in):
    guest = visit(house.url)
    guest.write("Do you have a piano?")
    expect(guest.log.get_by_role("article").last).to_contain_text("AI")
    staff = sign_in(house, java_script_enabled=False)

    staff.open_conversation("Do you have a piano?")
    staff.page.get_by_role("button", name="Take over").click()
    staff.page.get_by_role("textbox", name="Reply").fill("In the library, second floor.")
    staff.page.get_by_role("button", name="Send").click()
    expect(staff.page.get_by_text("In the library, second floor.")).to_be_visible()
    guest.expect_said("In the library, second floor.")
    staff.page.get_by_role("link", name="New request").click()
    staff.page.get_by_label("What is needed?").fill("Tune the piano")
    staff.page.get_by_role("button", name="Make the request").click()
    guest.expect_said("passed this on to our team")
    staff.page.get_by_role("button", name="Hand back").click()
    expect(staff.page.get_by_text("The concierge answers again")).to_be_visible()
    staff.page.get_by_role("button", name="Close").click()

    expect(staff.page.get_by_text("The conversation is closed.")).to_be_visible()

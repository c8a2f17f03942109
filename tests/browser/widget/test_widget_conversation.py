"""A guest talks to the hotel through the widget: answers, a bad line, a reload, staff, nonsense."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_hotel import FakeHotel
from playwright.sync_api import expect


def test_an_answer_grows_sentence_by_sentence_and_ends_with_its_source(guest: Any, hotel: FakeHotel) -> None:
    hotel.pause = 1.2
    anna = guest().visit().says("When is breakfast?")

    draft = anna.log.locator("article[aria-busy=true]", has_text="Breakfast is served")
    expect(draft).to_be_visible()
    assert "Sundays" not in draft.inner_text()
    anna.sees("On Sundays you may stay")
    expect(anna.log.locator("[aria-busy=true]")).to_have_count(0)
    expect(anna.log.get_by_text("From: Breakfast · updated 3 May 2026")).to_be_visible()
    expect(anna.log.get_by_text("Concierge · AI")).to_have_count(2)  # the greeting and the answer


def test_a_completed_reply_is_read_out_once_and_no_half_sentence_is(guest: Any, hotel: FakeHotel) -> None:
    hotel.pause = 0.2
    anna = guest().visit()
    heard = anna.listens()
    anna.says("When is breakfast?").sees("On Sundays you may stay").page.wait_for_timeout(300)

    assert [line for line in heard() if "Breakfast" in line] == ["Concierge · AI: " + " ".join(hotel.reply)]
    expect(anna.log).to_have_attribute("aria-live", "off")


def test_a_dropped_line_comes_back_without_a_duplicate_or_a_loss(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("When is breakfast?").has_answer()
    hotel.drop()
    hotel.thread.store(author="staff", text="While you were away.", staff_name="Anna")

    anna.sees("While you were away.").sees("Breakfast is served").sees("When is breakfast?")
    assert hotel.frames("hello")[-1]["last_seq"] == 2
    assert hotel.frames("hello")[-1]["token"] == hotel.thread.token


def test_an_acknowledgement_that_was_lost_sends_the_same_message_again_and_shows_it_once(
    guest: Any, hotel: FakeHotel
) -> None:
    hotel.swallow_acks = True
    anna = guest().visit().says("Only once, please")
    hotel.wait_for(lambda: hotel.frames("message.send"))
    hotel.swallow_acks = False

    hotel.wait_for(lambda: hotel.hellos > 1 and len(hotel.threads) == 1)
    anna.sees("Only once, please")
    expect(anna.log.get_by_text(re.compile("Sent"))).to_be_visible()
    assert len({frame["client_id"] for frame in hotel.frames("message.send")}) == 1
    assert [m["text"] for m in hotel.thread.messages if m["author"] == "guest"] == ["Only once, please"]


def test_frames_that_come_twice_or_late_are_shown_once_and_in_order(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("When is breakfast?").has_answer()
    for message in reversed(hotel.thread.messages):
        hotel.say({"type": "message", **message})
    for attempt, text in ((2, "The newer attempt."), (1, "The older attempt.")):
        hotel.say({"type": "reply.delta", "turn": "t", "attempt": attempt, "index": 0, "text": text})

    anna.sees("The newer attempt.").sees("The older attempt.", count=0).has_answer()
    hotel.say({"type": "reply.withdrawn", "turn": "t", "attempt": 1})
    hotel.say({"type": "reply.delta", "turn": "t", "attempt": 2, "index": 1, "text": " It stays."})
    anna.sees("The newer attempt. It stays.")
    hotel.say({"type": "reply.withdrawn", "turn": "t", "attempt": 2})
    anna.sees("The newer attempt.", count=0)


def test_a_reload_resumes_the_conversation(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("When is breakfast?").has_answer()
    anna.page.reload()

    anna.has_answer().sees("When is breakfast?")
    assert len(hotel.threads) == 1


def test_messages_written_offline_wait_survive_a_reload_and_go_out_in_order(guest: Any, hotel: FakeHotel) -> None:
    hotel.answers = False
    anna = guest().visit().says("First").sees("First")
    hotel.wait_for(lambda: len(hotel.thread.messages) == 1)
    hotel.is_down = True
    hotel.drop()
    anna.says("Second").says("Third")
    expect(anna.log.get_by_text(re.compile("Waiting to be sent"))).to_have_count(2)
    expect(anna.page.get_by_text("Reconnecting… Nothing you write is lost.").first).to_be_visible()
    anna.page.reload()
    anna.sees("Third")
    hotel.is_down = False

    expect(anna.log.get_by_text(re.compile("Waiting to be sent"))).to_have_count(0, timeout=15000)
    assert [message["text"] for message in hotel.thread.messages] == ["First", "Second", "Third"]
    anna.sees("Second").sees("Third")


def test_the_browser_says_offline_and_the_guest_is_told_and_back_at_once_when_online(
    guest: Any, hotel: FakeHotel
) -> None:
    anna = guest().visit()
    expect(anna.page.get_by_text("Here for you")).to_be_visible()
    anna.context.set_offline(True)
    expect(anna.page.locator(".strip", has_text="You are offline")).to_be_visible()
    anna.says("I am in a lift")
    anna.context.set_offline(False)

    expect(anna.page.get_by_text("Here for you")).to_be_visible()
    expect(anna.page.locator(".strip", has_text="You are offline")).to_be_hidden()
    hotel.wait_for(lambda: [f["text"] for f in hotel.frames("message.send")] == ["I am in a lift"])


def test_a_line_that_died_without_a_word_is_noticed_when_a_message_stays_unanswered(
    guest: Any, hotel: FakeHotel
) -> None:
    anna = guest().visit().says("When is breakfast?").has_answer()
    hotel.is_deaf = True
    anna.says("Is anybody there?")
    hotel.wait_for(lambda: len(hotel.frames("message.send")) == 2)
    hotel.is_deaf = False

    hotel.wait_for(lambda: hotel.hellos == 2, seconds=12)
    expect(anna.log.get_by_text(re.compile("Waiting to be sent"))).to_have_count(0)
    anna.sees("Is anybody there?")
    assert [m["text"] for m in hotel.thread.messages if m["author"] == "guest"][-1] == "Is anybody there?"


def test_a_refused_message_says_so_and_can_be_sent_again_by_a_tap(guest: Any, hotel: FakeHotel) -> None:
    hotel.refusals = [{"code": "malformed", "message": "no"}]
    anna = guest().visit().says("Hello there")
    retry = anna.page.get_by_role("button", name="Not sent – tap to try again")
    retry.click()

    expect(retry).to_have_count(0)
    anna.sees("Hello there").has_answer()


def test_too_many_messages_pause_and_then_go_out_by_themselves(guest: Any, hotel: FakeHotel) -> None:
    hotel.refusals = [{"code": "too_many", "message": "A little slower, please.", "retry_after_seconds": 1}]
    anna = guest().visit().says("Fast")

    expect(anna.page.locator(".strip", has_text="A little slower, please.")).to_be_visible()
    anna.has_answer()


def test_a_known_token_that_the_server_has_forgotten_begins_anew_without_losing_what_waits(
    guest: Any, hotel: FakeHotel
) -> None:
    hotel.answers = False
    anna = guest().visit().says("Old conversation").sees("Old conversation")
    hotel.wait_for(lambda: hotel.thread.messages)
    hotel.is_down = True
    hotel.drop()
    anna.says("New conversation")
    hotel.threads.clear()
    hotel.is_down = False

    hotel.wait_for(lambda: hotel.threads and [m["text"] for m in hotel.thread.messages] == ["New conversation"])
    anna.sees("New conversation").sees("Old conversation", count=0)


def test_a_person_is_one_tap_away_and_who_answers_is_always_said(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit()
    strip = anna.page.locator(".strip")
    anna.page.get_by_role("button", name="Talk to a person").click()
    expect(strip.get_by_text("We have asked a colleague")).to_be_visible()
    hotel.wait_for(lambda: hotel.frames("person.request"))

    hotel.own(ownership="staff", status="with_staff", staff_name="Mara")
    expect(strip.get_by_text("Mara is here for you")).to_be_visible()
    hotel.say({"type": "typing", "author": "staff", "active": True})
    expect(anna.page.get_by_role("img", name="Mara is writing…")).to_be_visible()
    hotel.speak("staff", "Good evening!", staff_name="Mara")
    expect(anna.log.get_by_role("article", name="Mara")).to_contain_text("Good evening!")
    hotel.own(ownership="concierge", status="open")
    expect(strip.get_by_text("You are back with the AI concierge")).to_be_visible()


def test_the_guest_typing_and_reading_are_told(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().is_connected()
    anna.box.press_sequentially("Hel")
    hotel.wait_for(lambda: [f["active"] for f in hotel.frames("typing")] == [True])
    anna.says("Hello").has_answer()

    hotel.wait_for(lambda: [f["active"] for f in hotel.frames("typing")] == [True, False])
    hotel.wait_for(lambda: 2 in [f["seq"] for f in hotel.frames("read")])
    hotel.say({"type": "read", "seq": 1, "by": "staff"})
    expect(anna.log.get_by_text(re.compile("· Read"))).to_be_visible()


def test_typing_that_began_before_there_was_a_line_is_told_by_the_next_key(guest: Any, hotel: FakeHotel) -> None:
    hotel.is_down = True
    anna = guest().visit()
    anna.box.press_sequentially("Hel")
    hotel.is_down = False
    anna.is_connected().box.press_sequentially("lo")

    hotel.wait_for(lambda: [f["active"] for f in hotel.frames("typing")] == [True])


def test_the_details_are_asked_once_after_the_first_answer_and_can_be_skipped(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit()
    card = anna.page.get_by_text("May we know who is writing?")
    expect(anna.log).to_be_visible()
    expect(card).to_have_count(0)
    anna.says("Hello").has_answer()
    expect(card).to_be_visible()
    anna.page.get_by_role("button", name="No, thank you").click()

    expect(card).to_have_count(0)
    anna.page.reload()
    anna.has_answer()
    expect(card).to_have_count(0)
    assert hotel.frames("guest.update") == []


def test_details_that_are_given_arrive_with_the_consent(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    anna.page.get_by_role("button", name="Add my details").click()
    assert anna.page.get_by_label("Name").evaluate("e => e === e.getRootNode().activeElement")
    anna.page.get_by_label("Name").fill("Ada")
    anna.page.get_by_label("Room").fill("214")
    anna.page.get_by_label("E-mail", exact=True).fill("ada@guest.example")
    anna.page.get_by_label("You may answer me").check()
    anna.page.get_by_role("button", name="Save").click()

    [frame] = hotel.wait_for(lambda: hotel.frames("guest.update"))
    details = {"name": "Ada", "room_number": "214", "email": "ada@guest.example", "consent_follow_up": True}
    assert frame == {"type": "guest.update", **details}
    expect(anna.page.locator(".strip", has_text="Thank you. We have noted it.")).to_be_visible()


def test_a_closed_conversation_asks_for_a_rating_once(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    anna.page.get_by_role("button", name="No, thank you").click()
    hotel.own(ownership="closed", status="closed")
    anna.page.get_by_role("button", name="4 of 5").click()

    assert hotel.wait_for(lambda: hotel.frames("rate")) == [{"type": "rate", "score": 4}]
    expect(anna.page.get_by_text("How are we doing?")).to_have_count(0)
    anna.page.reload()
    anna.has_answer()
    expect(anna.page.get_by_text("How are we doing?")).to_have_count(0)


def test_a_quiet_conversation_asks_for_a_rating_after_a_while(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit()
    anna.page.evaluate("document.querySelector('concierge-chat').setAttribute('rating-after', '1')")
    anna.says("Hello").has_answer()
    anna.page.get_by_role("button", name="No, thank you").click()

    expect(anna.page.get_by_text("How are we doing?")).to_be_visible()


def test_ready_answers_are_buttons_until_one_is_taken(guest: Any, hotel: FakeHotel) -> None:
    hotel.quick_replies = ["And on Sundays?"]
    anna = guest().visit()
    anna.page.get_by_role("button", name="When is breakfast?").click()

    anna.has_answer()
    expect(anna.page.get_by_role("button", name="Is there parking?")).to_have_count(0)
    expect(anna.page.get_by_role("button", name="And on Sundays?")).to_be_visible()
    assert hotel.frames("message.send")[0]["text"] == "When is breakfast?"


def test_what_becomes_of_a_request_is_part_of_the_conversation(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Towels, please").has_answer()
    news = anna.listens()
    hotel.speak("concierge", "Your request 12 is on its way.", rung="notice")

    notice = anna.log.locator("article.note", has_text="Your request 12 is on its way.")
    expect(notice).to_be_visible()
    expect(notice).not_to_contain_text("AI")
    hotel.wait_for(lambda: news() == ["Concierge · AI: Your request 12 is on its way."])
    anna.page.reload()
    expect(notice).to_be_visible()


def test_a_notice_leaves_the_reply_alone_that_is_being_written(guest: Any, hotel: FakeHotel) -> None:
    hotel.answers = False
    anna = guest().visit().says("When is breakfast?").sees("When is breakfast?")
    hotel.wait_for(lambda: hotel.thread.messages)
    hotel.say({"type": "reply.delta", "turn": "t", "attempt": 1, "index": 0, "text": "From seven. "})
    anna.sees("From seven.")
    hotel.speak("concierge", "Your request 12 is done.", rung="notice")

    anna.sees("Your request 12 is done.").sees("From seven.")
    hotel.speak("concierge", "From seven to ten.", rung="embedded", turn="t")
    anna.sees("From seven to ten.")
    expect(anna.log.locator("[aria-busy=true]")).to_have_count(0)


def test_a_refusal_that_concerns_no_message_is_told(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    hotel.say({"type": "error", "code": "bad_email", "message": "This is no e-mail address."})

    expect(anna.page.locator(".strip", has_text="This is no e-mail address.")).to_be_visible()


HOSTILE = [
    '<img src=x onerror="window.hacked=1">',
    "<script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    'https://x.example/"onmouseover="window.hacked=1',
    "{{constructor.constructor('window.hacked=1')()}}",
    "[click](javascript:window.hacked=1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_whoever_wrote_it(guest: Any, hotel: FakeHotel, text: str) -> None:
    hotel.answers = False
    anna = guest().visit().says(text)
    hotel.wait_for(lambda: hotel.thread.messages)
    hotel.speak("staff", text, staff_name=text, sources=[{"title": text}], quick_replies=[text])
    hotel.own(ownership="staff", status="with_staff", staff_name=text)
    expect(anna.log.locator(".text", has_text=text)).to_have_count(2)

    assert anna.page.evaluate("window.hacked") is None
    links = anna.page.evaluate(
        """() => [...document.querySelector("concierge-chat").shadowRoot
                 .querySelectorAll(":is(.log, .strip) a, img, script")]
                 .map((node) => node.protocol || node.localName)"""
    )
    assert set(links) <= {"https:"}


def test_addresses_become_links(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit().says("Hello").has_answer()
    hotel.speak("staff", "See https://strandhaus.example/spa?a=1. Or (hallo@strandhaus.example), +49 38393 555-12!")
    links = anna.log.get_by_role("link")

    expect(links).to_have_count(3)
    targets = [link.get_attribute("href") for link in links.all()]
    assert targets == ["https://strandhaus.example/spa?a=1", "mailto:hallo@strandhaus.example", "tel:+4938393555-12"]
    assert links.first.get_attribute("rel") == "noopener noreferrer"


def test_a_very_long_text_is_kept_and_the_guest_is_told_kindly(guest: Any, hotel: FakeHotel) -> None:
    anna = guest().visit()
    anna.box.fill("word " * 900)
    expect(anna.page.locator(".strip", has_text="A long message: 4500 characters")).to_be_visible()
    anna.box.press("Enter")
    assert anna.box.input_value() == "word " * 900
    anna.box.fill("short")
    expect(anna.page.locator(".strip", has_text="A long message")).to_be_hidden()
    anna.box.press("Enter")

    anna.has_answer()
    assert [frame["text"] for frame in hotel.frames("message.send")] == ["short"]


def test_a_word_without_end_does_not_break_the_page(guest: Any, hotel: FakeHotel) -> None:
    anna = guest(viewport={"width": 320, "height": 600}).visit().says("x" * 3900).has_answer()

    assert anna.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert anna.log.evaluate("log => log.scrollWidth <= log.clientWidth")


def test_the_chat_works_where_storage_is_forbidden(guest: Any, hotel: FakeHotel) -> None:
    anna = guest()
    anna.page.add_init_script(
        """Object.defineProperty(window, "localStorage", { get() { throw new DOMException("", "SecurityError"); } })"""
    )
    anna.visit().says("When is breakfast?").has_answer()
    hotel.drop()
    hotel.thread.store(author="staff", text="Still here.")

    anna.sees("Still here.").has_answer()
    assert len(hotel.threads) == 1

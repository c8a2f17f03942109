"""Inbox and conversations: what staff see and do, and what they are told when they come too late."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from concierge_core.domain.conversation import Author, Ownership, Priority, Status, with_next_seq
from concierge_core.domain.ids import ConversationId
from concierge_core.domain.understanding import Provenance, Rung, Sentiment, Source, Understanding
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import guest as guests
from concierge_core.use_cases.guest import Session
from concierge_core.use_cases.telling import store_message

SignedIn = Callable[..., Awaitable[Any]]
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
async def session(rt: Runtime) -> Session:
    session = await guests.start_session(rt)
    await guests.update_guest(rt, guest_id=session.guest.id, name="Mira Sandberg", room_number="204")
    return session


async def ask(rt: Runtime, session: Session, text: str, number: int = 1) -> None:
    """The guest writes; nobody answers (this process runs no turns)."""
    async with rt.store.write() as unit:
        found = await unit.conversations.lock(rt.tenant_id, session.conversation.id)
        assert found is not None
        found = with_next_seq(found, rt.clock.now())
        await store_message(rt, unit, found, author=Author.GUEST, text=text, client_id=f"g{number}")
        await unit.conversations.save(rt.tenant_id, found)


def path(session: Session, deed: str = "") -> str:
    return f"/admin/conversations/{session.conversation.id}" + (f"/{deed}" if deed else "")


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return found.group(1)


async def test_the_inbox_shows_who_waits_and_how_long(
    rt: Runtime, session: Session, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    await ask(rt, session, "Is the pool open?")
    await guests.request_person(rt, conversation_id=session.conversation.id)
    clock.advance(90)

    page = (await browser.get("/admin/")).text

    assert "Mira Sandberg" in page
    assert "Room 204" in page
    assert "Waiting 1 min" in page
    assert "Web chat" in page
    clock.advance(60)
    assert "row-overdue" in (await browser.get("/admin/inbox/rows?view=waiting")).text


async def test_an_empty_view_says_what_would_be_here(signed_in: SignedIn) -> None:
    browser = await signed_in()

    assert "No guest has written yet" in (await browser.get("/admin/")).text
    assert "Nobody is waiting" in (await browser.get("/admin/?view=waiting")).text
    assert "You have no conversation at the moment" in (await browser.get("/admin/?view=mine")).text


async def test_a_guest_who_only_looked_fills_no_row_and_no_count(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await guests.start_session(rt)

    page = (await browser.get("/admin/?view=all")).text

    assert "No guest has written yet" in page
    assert re.search(r'view=all"[^>]*>All <span class="tab-count">0<', page)


async def test_the_one_who_waits_longest_comes_first(rt: Runtime, signed_in: SignedIn, clock: FrozenClock) -> None:
    browser = await signed_in()
    for name in ("First", "Second"):
        each = await guests.start_session(rt)
        await guests.update_guest(rt, guest_id=each.guest.id, name=name)
        await guests.request_person(rt, conversation_id=each.conversation.id)
        clock.advance(5)

    page = (await browser.get("/admin/?view=waiting")).text

    assert page.index("First") < page.index("Second")


async def test_an_urgent_guest_is_marked_and_comes_before_whoever_waits_longer(
    rt: Runtime, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    for name in ("First", "Second", "Hurt"):
        each = await guests.start_session(rt)
        await guests.update_guest(rt, guest_id=each.guest.id, name=name)
        reason = "emergency" if name == "Hurt" else "guest_wish"
        await guests.request_person(rt, conversation_id=each.conversation.id, reason=reason)
        clock.advance(5)
    async with rt.store.write() as unit:
        found = await unit.conversations.lock(rt.tenant_id, each.conversation.id)
        assert found is not None
        await unit.conversations.save(rt.tenant_id, replace(found, priority=Priority.URGENT))

    page = (await browser.get("/admin/?view=waiting")).text

    assert page.index("Hurt") < page.index("First") < page.index("Second")
    assert page.count("row-urgent") == 1
    assert page.count("Emergency</span>") == 1


async def test_what_guests_write_is_shown_as_text(rt: Runtime, session: Session, signed_in: SignedIn) -> None:
    await guests.update_guest(rt, guest_id=session.guest.id, name=SCRIPT, room_number="<b>1")
    await ask(rt, session, SCRIPT)
    browser = await signed_in(name="Anna")

    for page in ("/admin/?view=all", path(session), path(session, "news?after=0")):
        assert SCRIPT not in (await browser.get(page)).text
    assert "&lt;script&gt;" in (await browser.get(path(session))).text


async def test_a_conversation_shows_on_what_each_reply_rests(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    await ask(rt, session, "Wann gibt es Frühstück?")
    async with rt.store.write() as unit:
        understanding = Understanding("faq", 0.93, Sentiment.NEGATIVE, "de")
        await unit.conversations.understood(rt.tenant_id, session.conversation.id, 1, understanding)
        found = await unit.conversations.lock(rt.tenant_id, session.conversation.id)
        assert found is not None
        found = with_next_seq(found, rt.clock.now())
        grounds = Provenance(Rung.GEMINI, "gemini-3.5-flash", 0.88, (Source("a1", "Breakfast hours", rt.clock.now()),))
        await store_message(rt, unit, found, author=Author.CONCIERGE, text="Ab 7:30 Uhr.", provenance=grounds)
        await unit.conversations.save(rt.tenant_id, found)

    page = (await (await signed_in()).get(path(session))).text

    for shown in ("Ab 7:30 Uhr.", "AI model", "gemini-3.5-flash", "88 % sure", "Breakfast hours"):
        assert shown in page
    for shown in ("93 % sure", "German", "Unhappy", "Question"):
        assert shown in page


async def test_take_over_reply_hand_back_and_close(rt: Runtime, session: Session, signed_in: SignedIn) -> None:
    browser = await signed_in("Anna")
    await ask(rt, session, "Hello?")

    assert (await browser.post(path(session, "take-over"))).headers["location"] == path(session)
    page = (await browser.get(path(session))).text
    fields = {n: field(page, n) for n in ("last_seen_seq", "client_id")}
    for _ in range(2):  # sent twice by an impatient finger
        await browser.post(path(session, "reply"), {"text": "Good evening!", **fields})
    messages = await _messages(rt, session)
    assert [(m.author, m.staff_name, m.text) for m in messages][1:] == [(Author.STAFF, "Anna", "Good evening!")]

    await browser.post(path(session, "hand-back"))
    assert (await _conversation(rt, session)).ownership is Ownership.CONCIERGE
    await browser.post(path(session, "close"))
    assert (await _conversation(rt, session)).status is Status.CLOSED
    async with rt.store.read() as unit:
        done = [e["action"] for e in await unit.audit.entries(rt.tenant_id)]
    assert {"conversation.taken_over", "conversation.handed_back", "conversation.closed"} <= set(done)


async def test_a_reply_blind_to_a_newer_message_is_kept_as_a_draft(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    await ask(rt, session, "Do you have parking?")
    await browser.post(path(session, "take-over"))
    page = (await browser.get(path(session))).text
    fields = {n: field(page, n) for n in ("last_seen_seq", "client_id")}
    await ask(rt, session, "Forget it, we come by train.", 2)

    late = await browser.post(path(session, "reply"), {"text": "Yes, 12 euros.", **fields})

    assert late.status_code == 409
    assert "There is a new message" in late.text
    assert "Forget it, we come by train." in late.text
    assert ">Yes, 12 euros.</textarea>" in late.text
    assert len(await _messages(rt, session)) == 2
    again = {n: field(late.text, n) for n in ("last_seen_seq", "client_id")}
    assert (await browser.post(path(session, "reply"), {"text": "Safe travels!", **again})).status_code == 303


async def test_the_same_refusal_reaches_a_page_with_javascript_as_parts(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    await ask(rt, session, "One")
    await browser.post(path(session, "take-over"))
    await ask(rt, session, "Two", 2)

    late = await browser.post(
        path(session, "reply"),
        {"text": "Draft", "last_seen_seq": 1, "client_id": "0123456789"},
        headers={"hx-request": "true", "x-csrf-token": await browser.token()},
    )

    assert late.status_code == 409
    assert "<html" not in late.text
    assert 'id="m-2"' in late.text
    assert 'id="m-1"' not in late.text
    assert ">Draft</textarea>" in late.text


async def test_the_later_of_two_colleagues_is_told_who_has_it(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    anna, ben = await signed_in("Anna"), await signed_in("Ben")
    await ask(rt, session, "Hello?")
    await anna.post(path(session, "take-over"))

    late = await ben.post(path(session, "take-over"))

    assert late.status_code == 409
    assert "Anna already takes care of this conversation" in late.text
    refused = await ben.post(path(session, "reply"), {"text": "Me too", "last_seen_seq": 1, "client_id": "0123456789"})
    assert "not yours at the moment" in refused.text
    assert ">Me too</textarea>" in refused.text
    assert (await ben.post(path(session, "close"))).status_code == 409
    assert (await ben.post(path(session, "hand-back"))).status_code == 409
    assert "Anna answers" in (await ben.get(path(session))).text


async def test_a_reply_needs_words_and_not_too_many(rt: Runtime, session: Session, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.post(path(session, "take-over"))
    fields = {"last_seen_seq": 0, "client_id": "0123456789"}

    empty = await browser.post(path(session, "reply"), {"text": "  \n", **fields})
    long = await browser.post(path(session, "reply"), {"text": "x" * 4001, **fields})

    assert (empty.status_code, long.status_code) == (422, 422)
    assert "nothing to send yet" in empty.text
    assert "x" * 4001 in long.text


async def test_news_bring_new_messages_and_leave_the_draft_alone(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    await ask(rt, session, "One")
    await ask(rt, session, "Two", 2)

    same = (await browser.get(path(session, "news?after=1&holder=open"))).text
    changed = (await browser.get(path(session, "news?after=2&holder=mine"))).text

    assert 'id="m-2"' in same
    assert 'id="m-1"' not in same
    assert 'id="composer"' not in same
    assert 'id="composer"' in changed


async def test_only_who_answers_marks_a_conversation_as_read(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    anna, ben = await signed_in("Anna"), await signed_in("Ben")
    await ask(rt, session, "One")
    await anna.post(path(session, "take-over"))

    await ben.post(path(session, "read"), {"seq": 1})
    assert (await _conversation(rt, session)).staff_read_seq == 0
    await anna.post(path(session, "read"), {"seq": 1})
    assert (await _conversation(rt, session)).staff_read_seq == 1


async def test_earlier_messages_are_a_page_away(rt: Runtime, session: Session, signed_in: SignedIn) -> None:
    for number in range(1, 106):
        await ask(rt, session, f"Message number {number}.", number)
    browser = await signed_in()

    newest = (await browser.get(path(session))).text
    earlier = (await browser.get(path(session) + "?before=6")).text

    assert "Message number 6." in newest
    assert "Message number 5." not in newest
    assert "Message number 5." in earlier
    assert "Message number 6." not in earlier


async def test_a_foreign_propertys_conversation_does_not_exist_here(
    make_runtime: Callable[..., Awaitable[Runtime]], signed_in: SignedIn
) -> None:
    other = await make_runtime(code="other-house")
    foreign = await guests.start_session(other)
    browser = await signed_in()

    for deed in ("", "news"):
        assert (await browser.get(path(foreign, deed))).status_code == 404
    for deed in ("take-over", "hand-back", "close", "typing", "read"):
        assert (await browser.post(path(foreign, deed), {"seq": 1})).status_code == 404


async def _messages(rt: Runtime, session: Session) -> list[Any]:
    async with rt.store.read() as unit:
        return await unit.conversations.messages(rt.tenant_id, session.conversation.id)


async def _conversation(rt: Runtime, session: Session) -> Any:
    async with rt.store.read() as unit:
        return await unit.conversations.get(rt.tenant_id, ConversationId(session.conversation.id))


async def test_what_a_model_says_about_a_message_is_shown_as_text(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    await ask(rt, session, "Hm")
    odd = f"{SCRIPT}%s"
    async with rt.store.write() as unit:
        await unit.conversations.understood(rt.tenant_id, session.conversation.id, 1, Understanding(odd, 0.5))
        found = await unit.conversations.get(rt.tenant_id, session.conversation.id)
        assert found is not None
        await unit.conversations.save(rt.tenant_id, replace(found, category=odd))

    page = (await (await signed_in()).get(path(session))).text

    assert "<script>alert" not in page.lower()
    assert "&lt;script&gt;alert" in page


async def test_the_list_shows_what_the_guest_said_rather_than_our_fixed_notice(
    rt: Runtime, session: Session, signed_in: SignedIn
) -> None:
    await ask(rt, session, "My key does not work.")
    await guests.request_person(rt, conversation_id=session.conversation.id)

    page = (await (await signed_in()).get("/admin/")).text

    assert "My key does not work." in page

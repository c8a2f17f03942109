"""Service requests as a list."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from concierge_core.domain.requests import RequestState
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import guest as guests
from concierge_core.use_cases.guest import Session
from concierge_core.use_cases.handoff import make_request_in_unit

SignedIn = Callable[..., Awaitable[Any]]
TOWELS = {
    "summary": "Two bath towels",
    "department": "housekeeping",
    "kind": "towels",
    "room_number": "204",
    "priority": "high",
    "due_in_minutes": "30",
}


async def test_a_request_made_by_hand_is_on_the_list_with_its_due_time(signed_in: SignedIn, clock: FrozenClock) -> None:
    browser = await signed_in()

    assert (await browser.post("/admin/requests", TOWELS)).status_code == 303
    page = (await browser.get("/admin/requests")).text

    for shown in ("No. 1", "Two bath towels", "Housekeeping", "Room 204", "High", "Due in 30 min"):
        assert shown in page
    clock.advance(40 * 60)
    assert "Late by 10 min" in (await browser.get("/admin/requests/rows")).text


async def test_a_request_moves_from_new_to_done(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Anna")
    await browser.post("/admin/requests", TOWELS)
    async with rt.store.read() as unit:
        [request] = await unit.requests.listed(rt.tenant_id)

    for state in ("accepted", "on_the_way", "done"):
        await browser.post(f"/admin/requests/{request.id}/move", {"state": state})
        async with rt.store.read() as unit:
            found = await unit.requests.get(rt.tenant_id, request.id)
        assert found is not None
        assert found.state is RequestState(state)
    assert "Nothing to do" in (await browser.get("/admin/requests")).text
    assert "Anna" in (await browser.get("/admin/requests?show=all")).text


async def test_a_step_that_is_no_longer_possible_is_explained(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.post("/admin/requests", TOWELS)
    async with rt.store.read() as unit:
        [request] = await unit.requests.listed(rt.tenant_id)
    await browser.post(f"/admin/requests/{request.id}/move", {"state": "done"})

    late = await browser.post(f"/admin/requests/{request.id}/move", {"state": "on_the_way"})

    assert late.status_code == 409
    assert "A colleague moved this request on meanwhile" in late.text


async def test_a_form_with_a_slip_comes_back_filled_in(signed_in: SignedIn) -> None:
    browser = await signed_in()

    for slip, sentence in (
        ({"summary": "  "}, "Please say in a few words"),
        ({"department": "dungeon"}, "Please choose the department"),
        ({"priority": "apocalyptic"}, "Please choose from the lists"),
        ({"due_in_minutes": "7"}, "Please choose from the lists"),
        ({"room_number": "x" * 17}, "at most 16 characters"),
    ):
        answer = await browser.post("/admin/requests", {**TOWELS, **slip})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'value="204"' in answer.text or "room_number" in slip
    assert (await browser.post("/admin/requests/nothing/move", {"state": "done"})).status_code == 404
    assert (await browser.post("/admin/requests/nothing/move", {"state": "lost"})).status_code == 422


async def test_the_list_can_be_narrowed_to_a_department(signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.post("/admin/requests", TOWELS)
    await browser.post("/admin/requests", {**TOWELS, "summary": "Dripping tap", "department": "maintenance"})

    page = (await browser.get("/admin/requests?department=maintenance")).text

    assert "Dripping tap" in page
    assert "Two bath towels" not in page


async def test_a_request_from_a_conversation_knows_its_guest(rt: Runtime, signed_in: SignedIn) -> None:
    session = await guests.start_session(rt)
    await guests.update_guest(rt, guest_id=session.guest.id, room_number="311")
    browser = await signed_in()

    form = (await browser.get(f"/admin/requests?conversation={session.conversation.id}")).text
    assert 'value="311"' in form
    assert re.search(r"<details[^>]*open", form)
    answer = await browser.post("/admin/requests", {**TOWELS, "conversation_id": session.conversation.id})

    assert answer.headers["location"].startswith(f"/admin/conversations/{session.conversation.id}")
    page = (await browser.get(f"/admin/conversations/{session.conversation.id}")).text
    assert "Two bath towels" in page


async def test_emergencies_come_first_then_late_ones_then_by_priority_due_time_and_age(
    rt: Runtime, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    plain = {**TOWELS, "priority": "normal"}
    await browser.post("/admin/requests", {**plain, "summary": "Was due before", "due_in_minutes": "15"})
    await browser.post("/admin/requests", {**plain, "summary": "Due tomorrow", "due_in_minutes": "1440"})
    await browser.post("/admin/requests", {**plain, "summary": "Due soon", "due_in_minutes": "120"})
    await browser.post("/admin/requests", {**plain, "summary": "Cannot wait", "priority": "urgent"})
    await browser.post(
        "/admin/requests", {**plain, "summary": "No hot water", "priority": "high", "due_in_minutes": ""}
    )
    await browser.post(
        "/admin/requests", {**plain, "summary": "Broken shower", "priority": "high", "due_in_minutes": "240"}
    )
    clock.advance(1)
    await browser.post(
        "/admin/requests", {**plain, "summary": "Cold radiator", "priority": "high", "due_in_minutes": ""}
    )
    session = await guests.start_session(rt)
    await contact(rt, session, "emergency")
    clock.advance(16 * 60)

    page = (await browser.get("/admin/requests/rows")).text

    high = ["Broken shower", "No hot water", "Cold radiator"]
    order = ["Emergency", "Was due before", "Cannot wait", *high, "Due soon", "Due tomorrow"]
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert page.count("row-urgent") == 1


async def test_a_request_leads_to_its_conversation_and_says_room_and_reason_in_words(
    rt: Runtime, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    sessions = [await guests.start_session(rt) for _ in range(2)]
    for session, reason in zip(sessions, ("booking", "lost_item"), strict=True):
        await contact(rt, session, reason)
        await guests.update_guest(rt, guest_id=session.guest.id, room_number="311")

    page = (await browser.get("/admin/requests/rows")).text

    for session in sessions:
        assert page.count(f'href="/admin/conversations/{session.conversation.id}"') == 1
    assert page.count("Room 311") == 2
    for shown in ("Booking", "Lost property", "Contact the guest"):
        assert shown in page
    assert "lost item" not in page


async def test_a_hand_off_says_who_why_what_they_asked_and_since_when(
    rt: Runtime, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    session = await guests.start_session(rt)
    guest, conversation = session.guest.id, session.conversation.id
    await guests.update_guest(rt, guest_id=guest, name="Mira Sandberg", room_number="204")
    await guests.post_message(rt, conversation_id=conversation, client_id="1", text="Could somebody call me a taxi?")
    await contact(rt, session, "guest_wish")
    clock.advance(5 * 60)
    await guests.post_message(rt, conversation_id=conversation, client_id="2", text="Never mind the rain")

    page = (await browser.get("/admin/requests/rows")).text

    for shown in ("The guest asked for a person", "Mira Sandberg", "Room 204", "Could somebody call me a taxi?"):
        assert shown in page
    assert "made 5 min ago" in page
    assert "Open the conversation" in page
    assert "Never mind the rain" not in page


async def test_a_guest_who_waits_is_listed_with_the_reason_and_their_last_words(
    rt: Runtime, signed_in: SignedIn, clock: FrozenClock
) -> None:
    browser = await signed_in()
    session = await guests.start_session(rt)
    conversation = session.conversation.id
    await guests.post_message(rt, conversation_id=conversation, client_id="1", text="Could somebody call me a taxi?")
    await guests.request_person(rt, conversation_id=conversation)
    clock.advance(60)

    page = (await browser.get("/admin/?view=waiting")).text

    for shown in ("The guest asked for a person", "Could somebody call me a taxi?", "Waiting 1 min", "since 13:00"):
        assert shown in page


async def contact(rt: Runtime, session: Session, reason: str) -> None:
    async with rt.store.write() as unit:
        await make_request_in_unit(rt, unit, session.conversation, reason=reason)

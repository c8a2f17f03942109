"""Conversations and messages: stored whole, listed for the inbox, forgotten for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from concierge_core.domain.conversation import Author, Channel, Ownership, Priority, closed, handed_off, taken_over
from concierge_core.domain.ids import StaffId, TurnId
from concierge_core.domain.understanding import Provenance, Rung, Sentiment, Source, Understanding, Urgency
from concierge_core.errors import Conflict


async def test_a_conversation_comes_back_as_stored(store, make, conversation):
    later = make.noon + timedelta(hours=1, microseconds=7)
    changed = replace(
        conversation,
        ownership=Ownership.STAFF,
        updated_at=later,
        last_seq=9,
        context_from_seq=4,
        language="ar",
        priority=Priority.URGENT,
        category="billing",
        sentiment=Sentiment.NEGATIVE,
        staff_id=StaffId("s" * 32),
        waiting_since=make.noon,
        accept_by=later,
        handoff_reason="guest_wish",
        guest_read_seq=3,
        staff_read_seq=2,
        rating=5,
    )
    async with store.write() as unit:
        assert await unit.conversations.lock(make.tenant, conversation.id) == conversation
        await unit.conversations.save(make.tenant, changed)
    async with store.read() as unit:
        assert await unit.conversations.get(make.tenant, conversation.id) == changed


async def test_what_was_read_only_rises_and_never_past_the_last_message(store, make, conversation):
    async with store.write() as unit:
        await unit.conversations.save(make.tenant, replace(conversation, last_seq=5))

    async def mark(by, **seen):
        async with store.write() as unit:
            return await unit.conversations.mark_read(
                make.tenant, {conversation.id if k == "it" else k: seq for k, seq in seen.items()}, by=by
            )

    changed = [await mark(Author.GUEST, it=3, nobody=3), await mark(Author.GUEST, it=2), await mark(Author.STAFF, it=9)]

    assert changed == [1, 0, 1]
    async with store.read() as unit:
        stored = await unit.conversations.get(make.tenant, conversation.id)
    assert (stored.guest_read_seq, stored.staff_read_seq) == (3, 5)


async def test_messages_come_back_as_stored_and_in_order(store, make, conversation):
    guest = make.message(conversation, 1, text="Wann gibt es Frühstück? 🥐\n\nعربي", client_id="c1")
    reply = make.message(
        conversation,
        2,
        author=Author.CONCIERGE,
        text="From seven.",
        turn_id=TurnId("t" * 32),
        provenance=Provenance(
            Rung.GEMINI,
            "gemini-3.5-flash",
            0.75,
            (Source("a1", "Breakfast", make.noon), Source("a2", "Bar")),
            ("Where?",),
            120,
            14,
        ),
    )
    staff = make.message(conversation, 3, author=Author.STAFF, staff_id=StaffId("s1"), staff_name="Mara")
    async with store.write() as unit:
        for message in (reply, staff, guest):
            await unit.conversations.add_message(make.tenant, message)
    async with store.read() as unit:
        assert await unit.conversations.messages(make.tenant, conversation.id) == [guest, reply, staff]
        assert await unit.conversations.messages(make.tenant, conversation.id, after_seq=1, limit=1) == [reply]
        assert await unit.conversations.last_messages(make.tenant, conversation.id, limit=2) == [reply, staff]
        assert await unit.conversations.message_by_client_id(make.tenant, conversation.id, "c1") == guest
        assert await unit.conversations.message_by_client_id(make.tenant, conversation.id, "c2") is None


async def test_what_was_understood_is_noted_on_the_message(store, make, conversation):
    understanding = Understanding("complaint", 0.5, Sentiment.NEGATIVE, "de", Urgency.HIGH)
    async with store.write() as unit:
        await unit.conversations.add_message(make.tenant, make.message(conversation, 1))
        await unit.conversations.add_message(make.tenant, make.message(conversation, 2))
        await unit.conversations.understood(make.tenant, conversation.id, 2, understanding)
    async with store.read() as unit:
        first, second = await unit.conversations.messages(make.tenant, conversation.id)
    assert (first.understanding, second.understanding) == (None, understanding)


@pytest.mark.parametrize("twice", [{"seq": 1}, {"seq": 2, "client_id": "c1"}], ids=["number", "client id"])
async def test_no_number_and_no_client_id_is_stored_twice(store, make, conversation, twice):
    async with store.write() as unit:
        await unit.conversations.add_message(make.tenant, make.message(conversation, 1, client_id="c1"))
    with pytest.raises(Conflict):
        async with store.write() as unit:
            await unit.conversations.add_message(make.tenant, make.message(conversation, **twice))
    async with store.read() as unit:
        assert len(await unit.conversations.messages(make.tenant, conversation.id)) == 1


async def test_the_inbox_shows_the_newest_change_first(store, make, begun):
    hours = [make.noon + timedelta(hours=h) for h in range(4)]
    talks = [await begun(updated_at=h, last_seq=1) for h in hours]
    staff = StaffId("mara")
    async with store.write() as unit:
        await unit.conversations.save(make.tenant, taken_over(talks[1], staff, hours[1]))
        await unit.conversations.save(
            make.tenant, handed_off(talks[2], reason="guest_wish", accept_by=hours[3], now=hours[2])
        )
        await unit.conversations.save(make.tenant, closed(talks[3], staff, hours[3]))

    async with store.read() as unit:

        async def ids(**filters):
            return [c.id for c in await unit.conversations.inbox(make.tenant, **filters)]

        assert await ids() == [t.id for t in reversed(talks)]
        assert await ids(limit=2) == [talks[3].id, talks[2].id]
        assert await ids(before=hours[2]) == [talks[1].id, talks[0].id]
        assert await ids(statuses=["waiting", "with_staff"]) == [talks[2].id, talks[1].id]
        assert await ids(statuses=[]) == []
        assert await ids(staff_id=staff) == [talks[1].id]
        counts = await unit.conversations.counts_by_status(make.tenant)
    assert counts == {"open": 1, "waiting": 1, "with_staff": 1, "closed": 1}


async def test_the_inbox_leaves_out_what_was_opened_and_never_written_in(store, make, begun):
    written, _, ended, waiting = await begun(last_seq=2), await begun(), await begun(), await begun()
    async with store.write() as unit:
        await unit.conversations.save(make.tenant, closed(ended, StaffId("mara"), make.noon))
        promised = handed_off(waiting, reason="guest_wish", accept_by=make.noon, now=make.noon)
        await unit.conversations.save(make.tenant, promised)

    async with store.read() as unit:
        shown = {c.id for c in await unit.conversations.inbox(make.tenant)}
        counts = await unit.conversations.counts_by_status(make.tenant)

    assert shown == {written.id, waiting.id}, "nobody who waits is ever left out"
    assert counts == {"open": 1, "waiting": 1, "with_staff": 0, "closed": 0}


async def test_hand_offs_that_nobody_accepted_are_found(store, make, begun):
    soon, late = make.noon + timedelta(minutes=1), make.noon + timedelta(minutes=5)
    first, second, _ = await begun(), await begun(), await begun()
    async with store.write() as unit:
        for talk, by in ((first, soon), (second, late)):
            waiting = handed_off(talk, reason="guest_wish", accept_by=by, now=make.noon)
            await unit.conversations.save(make.tenant, waiting)
    async with store.read() as unit:
        assert await unit.conversations.waiting_past(make.tenant, soon - timedelta(seconds=1)) == []
        assert await unit.conversations.waiting_past(make.tenant, soon) == [first.id]
        assert await unit.conversations.waiting_past(make.tenant, late) == [first.id, second.id]


async def test_the_latest_conversation_of_a_guest_is_found_by_channel(store, make):
    guest = make.guest()
    old = make.conversation(guest, updated_at=make.noon)
    new = make.conversation(guest, updated_at=make.noon + timedelta(hours=1), channel=Channel.SMS)
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest)
        await unit.conversations.add(make.tenant, new)
        await unit.conversations.add(make.tenant, old)
    async with store.read() as unit:
        assert await unit.conversations.latest_of_guest(make.tenant, guest.id) == new
        assert await unit.conversations.latest_of_guest(make.tenant, guest.id, Channel.WEB) == old
        assert await unit.conversations.latest_of_guest(make.tenant, guest.id, Channel.VOICE) is None


async def test_a_conversation_is_forgotten_with_all_that_hangs_on_it(store, make):
    guest = make.guest(name="Zoë", phone="+491711")
    gone, kept = make.conversation(guest), make.conversation(guest, updated_at=make.noon + timedelta(days=9))
    turn = make.turn(gone)
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest, make.web_token("token"))
        for talk in (gone, kept):
            await unit.conversations.add(make.tenant, talk)
            await unit.conversations.add_message(make.tenant, make.message(talk, 1))
        await unit.turns.add(make.tenant, turn)
        await unit.turns.journal(make.tenant, turn.id, "towels", "make_request", {"number": 1})
        await unit.requests.add(make.tenant, make.request(1, conversation_id=gone.id, guest_id=guest.id))
        await unit.requests.add(make.tenant, make.request(2, guest_id=guest.id))
    async with store.read() as unit:
        assert await unit.conversations.idle_since(make.tenant, make.noon + timedelta(days=1)) == [gone.id]
    async with store.write() as unit:
        assert await unit.conversations.delete(make.tenant, [gone.id]) == 1
    async with store.read() as unit:
        assert await unit.conversations.get(make.tenant, gone.id) is None
        assert await unit.conversations.messages(make.tenant, gone.id) == []
        assert await unit.turns.get(make.tenant, turn.id) is None
        assert await unit.turns.journalled(make.tenant, turn.id) == {}
        assert [r.number for r in await unit.requests.listed(make.tenant)] == [2]
        assert await unit.guests.by_session(make.tenant, make.web_token("token")) == guest
        assert len(await unit.conversations.messages(make.tenant, kept.id)) == 1
    async with store.write() as unit:
        assert await unit.conversations.delete(make.tenant, [kept.id, gone.id]) == 1
        assert await unit.conversations.delete(make.tenant, []) == 0
    async with store.read() as unit:
        assert await unit.guests.by_session(make.tenant, make.web_token("token")) is None
        assert [r.guest_id for r in await unit.requests.listed(make.tenant)] == [None]


async def test_the_order_of_many_ids_and_a_long_text_survive(store, make, conversation):
    text = json.dumps({"words": "ß" * 4000})
    async with store.write() as unit:
        for seq in range(1, 251):
            words = text if seq == 250 else f"{seq}"
            await unit.conversations.add_message(make.tenant, make.message(conversation, seq, text=words))
    async with store.read() as unit:
        first = await unit.conversations.messages(make.tenant, conversation.id)
        rest = await unit.conversations.messages(make.tenant, conversation.id, after_seq=first[-1].seq)
    assert [m.seq for m in first + rest] == list(range(1, 251))
    assert rest[-1].text == text

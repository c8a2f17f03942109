"""Keys rotate while guests write; nothing readable is on the disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from concierge_core.domain.understanding import Provenance, Rung
from concierge_core.keys import Keyring, KeysUnusable
from concierge_core.storage import SqlStore, open_store, rotate

SECRETS = ("Zoë Müller", "zoe@example.com", "1712345678", "Zimmer 412", "my passport number", "two more towels")


@pytest.fixture
async def full(store, make):
    """Every sealed column, twice over."""
    for n in range(2):
        contacts = {"email": f"{n}zoe@example.com", "phone": f"+4917123456789{n}"}
        guest = make.guest(name="Zoë Müller", room_number="Zimmer 412", **contacts)
        talk = make.conversation(guest)
        turn = make.turn(talk)
        async with store.write() as unit:
            await unit.guests.add(make.tenant, guest, make.web_token(f"token{n}"))
            await unit.conversations.add(make.tenant, talk)
            for seq in range(1, 6):
                quick = Provenance(Rung.GEMINI, quick_replies=("two more towels",)) if seq % 2 else None
                message = make.message(talk, seq, text="my passport number", provenance=quick)
                await unit.conversations.add_message(make.tenant, message)
            await unit.turns.add(make.tenant, turn)
            await unit.turns.journal(make.tenant, turn.id, "k", "tool", {"for": "Zimmer 412"})
            request = make.request(n + 1, room_number="Zimmer 412", conversation_id=talk.id)
            await unit.requests.add(make.tenant, request)
            await unit.staff.put_session(make.tenant, f"staff{n}", {"name": "Zoë Müller"}, make.noon)


async def everything(store, make):
    async with store.read() as unit:
        guests = [await unit.guests.by_phone(make.tenant, f"+4917123456789{n}") for n in range(2)]
        found = [await unit.guests.by_email(make.tenant, f"{n}zoe@example.com") for n in range(2)]
        assert found == guests
        talks = [await unit.conversations.latest_of_guest(make.tenant, g.id) for g in guests]
        messages = [await unit.conversations.messages(make.tenant, t.id) for t in talks]
        turns = [t for talk in talks for t in await unit.turns.open_of(make.tenant, talk.id)]
        journals = [await unit.turns.journalled(make.tenant, t.id) for t in turns]
        return guests, messages, journals, await unit.requests.listed(make.tenant)


async def stored_texts(store):
    """All that the tables hold, as the database has it."""
    async with store.read() as unit:
        tables = ("users", "messages", "tool_journal", "service_requests", "staff_sessions", "outbox", "audit")
        return "\n".join([str(row) for t in tables for row in await unit.transaction.rows(text(f"SELECT * FROM {t}"))])


@pytest.fixture
async def reopened(database_settings, clock):
    """`await reopened(keys)`: the same database with another keyring."""
    stores: list[SqlStore] = []

    async def again(keys: Keyring) -> SqlStore:
        stores.append(await open_store(database_settings, keys=keys, clock=clock))
        return stores[-1]

    yield again
    for opened in stores:
        await opened.close()


async def test_nothing_readable_is_stored(store, full):
    stored = await stored_texts(store)
    for secret in (*SECRETS, "token0", "staff0"):
        assert secret not in stored


async def test_after_a_rotation_the_old_key_is_not_needed(store, full, make, reopened, keys):
    before = await everything(store, make)
    rotated = keys.rotated()
    during = await reopened(rotated)
    assert await everything(during, make) == before
    assert await rotate(during, make.tenant, batch=2) == 2 + 10 + 2 + 2 + 2
    assert await rotate(during, make.tenant, batch=2) == 0
    after = await reopened(rotated.only_current())
    assert await everything(after, make) == before
    async with after.read() as unit:
        assert await unit.guests.by_session(make.tenant, make.web_token("token0")) is None, (
            "its hash was made with the old key"
        )
    assert f"v1:{keys.current.id}:" not in await stored_texts(store)


async def test_while_the_old_key_is_there_sessions_go_on(store, full, make, reopened, keys):
    during = await reopened(keys.rotated())
    await rotate(during, make.tenant)
    async with during.read() as unit:
        assert await unit.guests.by_session(make.tenant, make.web_token("token0")) is not None


async def test_a_rotation_that_was_broken_off_goes_on(store, full, make, reopened, keys):
    during = await reopened(keys.rotated())
    first = asyncio.create_task(rotate(during, make.tenant, batch=1))
    await asyncio.sleep(0.02)
    first.cancel()
    await asyncio.wait([first])
    await rotate(during, make.tenant)
    assert await rotate(during, make.tenant) == 0
    await everything(during, make)


async def test_messages_that_come_during_a_rotation_are_kept(store, full, make, reopened, keys, post):
    during = await reopened(keys.rotated())
    async with during.read() as unit:
        guest = await unit.guests.by_session(make.tenant, make.web_token("token0"))
        talk = await unit.conversations.latest_of_guest(make.tenant, guest.id)
    async with during.write() as unit:
        talk = await unit.conversations.lock(make.tenant, talk.id)
        await unit.conversations.save(make.tenant, replace(talk, last_seq=5))
    await asyncio.gather(rotate(during, make.tenant, batch=1), *(post(during, talk.id, f"new {n}") for n in range(10)))
    async with during.read() as unit:
        messages = await unit.conversations.messages(make.tenant, talk.id)
    assert [m.text for m in messages[:5]] == ["my passport number"] * 5
    assert sorted(m.text for m in messages[5:]) == [f"new {n}" for n in range(10)]


async def test_another_property_s_rows_are_left_alone(store, full, make, reopened, keys):
    during = await reopened(keys.rotated())
    assert await rotate(during, make.other) == 0


async def test_a_lost_key_is_said_so(store, full, make, reopened, keys):
    lost = await reopened(keys.rotated().only_current())
    with pytest.raises(KeysUnusable, match=f"key {keys.current.id}"):
        await rotate(lost, make.tenant)

"""Guests are stored whole, found by what they told us, and told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from concierge_core.domain.people import Verification
from concierge_core.errors import Conflict


async def test_a_guest_comes_back_as_stored(store, make):
    guest = make.guest(
        name="Zoë Müller",
        email="Zoe@Example.com",
        phone="+49 171 2345678",
        room_number="412",
        guest_type="regular",
        language="de",
        verification=Verification.VERIFIED,
        consent_follow_up=True,
    )
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest, make.web_token("token"))
    async with store.read() as unit:
        assert await unit.guests.get(make.tenant, guest.id) == guest
        assert await unit.guests.by_session(make.tenant, make.web_token("token")) == guest
        assert await unit.guests.by_phone(make.tenant, "0049 (171) 2345678") == guest
        assert await unit.guests.by_email(make.tenant, "zoe@example.COM") == guest


async def test_strangers_are_not_found(store, make):
    async with store.write() as unit:
        await unit.guests.add(make.tenant, make.guest(), make.web_token("token"))
    async with store.read() as unit:
        assert await unit.guests.by_session(make.tenant, make.web_token("another")) is None
        assert await unit.guests.by_phone(make.tenant, "") is None
        assert await unit.guests.by_phone(make.tenant, "+49 171 2345678") is None
        assert await unit.guests.by_email(make.tenant, "nobody@example.com") is None


async def test_changed_details_replace_the_old_ones_and_keep_the_session(store, make):
    guest = make.guest(name="Zoë", phone="+49 171 2345678")
    changed = replace(guest, name=None, phone="+43 660 1234567", room_number="7")
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest, make.web_token("token"))
        await unit.guests.save(make.tenant, changed)
    async with store.read() as unit:
        assert await unit.guests.by_session(make.tenant, make.web_token("token")) == changed
        assert await unit.guests.by_phone(make.tenant, "+436601234567") == changed
        assert await unit.guests.by_phone(make.tenant, "+491712345678") is None


async def test_the_newest_guest_with_a_number_is_found(store, make):
    first = make.guest(phone="+491711")
    second = replace(make.guest(phone="+491711"), created_at=make.noon.replace(hour=13))
    async with store.write() as unit:
        await unit.guests.add(make.tenant, second)
        await unit.guests.add(make.tenant, first)
    async with store.read() as unit:
        assert await unit.guests.by_phone(make.tenant, "+491711") == second


async def test_a_token_that_is_taken_is_a_conflict_and_leaves_the_unit_usable(store, make):
    guest, late = make.guest(), make.guest()
    async with store.write() as unit:
        await unit.guests.add(make.tenant, guest, make.web_token("call-sid"))
    async with store.write() as unit:
        with pytest.raises(Conflict):
            await unit.guests.add(make.tenant, late, make.web_token("call-sid"))
        assert await unit.guests.by_session(make.tenant, make.web_token("call-sid")) == guest
    async with store.read() as unit:
        assert await unit.guests.get(make.tenant, late.id) is None

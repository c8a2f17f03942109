"""Staff, their sessions, the audit log, overridden settings, figures, leases and calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from concierge_core.domain.conversation import Author, Channel
from concierge_core.domain.ids import StaffId, TurnId
from concierge_core.domain.people import Role
from concierge_core.domain.understanding import Provenance, Rung
from concierge_core.errors import Conflict

HOUR = timedelta(hours=1)


async def test_an_account_is_found_by_its_address_in_any_case(store, make):
    mara = make.staff("Mara@Example.com", password_hash="$argon2id$x", language="de")
    anna = make.staff("anna@example.com", name="Anna", role=Role.ADMIN)
    async with store.write() as unit:
        await unit.staff.add(make.tenant, mara)
        await unit.staff.add(make.tenant, anna)
        assert await unit.staff.by_email(make.tenant, "mara@EXAMPLE.com") == mara
        assert await unit.staff.listed(make.tenant) == [anna, mara]
        left = replace(mara, active=False, password_hash=None)
        await unit.staff.save(make.tenant, left)
        assert await unit.staff.get(make.tenant, mara.id) == left
        assert await unit.staff.by_email(make.tenant, "nobody@example.com") is None


async def test_an_address_has_one_account(store, make):
    async with store.write() as unit:
        await unit.staff.add(make.tenant, make.staff("mara@example.com"))
    with pytest.raises(Conflict):
        async with store.write() as unit:
            await unit.staff.add(make.tenant, make.staff("MARA@example.com"))


async def test_touching_a_session_never_makes_one(store, make):
    until = make.noon + timedelta(hours=1)
    async with store.write() as unit:
        await unit.staff.put_session(make.tenant, "token", {"seen": 1}, make.noon)
        assert await unit.staff.touch_session(make.tenant, "token", {"seen": 2}, until) is True
        assert await unit.staff.session(make.tenant, "token", make.noon) == {"seen": 2}
        await unit.staff.drop_session(make.tenant, "token")
        assert await unit.staff.touch_session(make.tenant, "token", {"seen": 3}, until) is False
        assert await unit.staff.session(make.tenant, "token", make.noon) is None


async def test_a_session_lasts_until_it_ends(store, make):
    until = make.noon + HOUR
    async with store.write() as unit:
        await unit.staff.put_session(make.tenant, "token", {"staff_id": "mara"}, make.noon)
        await unit.staff.put_session(make.tenant, "token", {"staff_id": "mara", "csrf": "x"}, until)
        await unit.staff.put_session(make.tenant, "other", {}, until)
        assert await unit.staff.session(make.tenant, "token", make.noon) == {"staff_id": "mara", "csrf": "x"}
        assert await unit.staff.session(make.tenant, "token", until) is None
        assert await unit.staff.session(make.tenant, "unknown", make.noon) is None
        await unit.staff.drop_session(make.tenant, "token")
        assert await unit.staff.session(make.tenant, "token", make.noon) is None
        assert await unit.staff.purge_sessions(make.tenant, make.noon) == 0
        assert await unit.staff.purge_sessions(make.tenant, until) == 1


async def test_the_audit_log_shows_the_newest_deed_first(store, make):
    async with store.write() as unit:
        for action in ("login", "conversation.taken_over"):
            await unit.audit.add(
                make.tenant, actor="mara", action=action, subject="c1", details={"from": "web"}, now=make.noon
            )
    async with store.read() as unit:
        entries = await unit.audit.entries(make.tenant)
        assert [e["action"] for e in entries] == ["conversation.taken_over", "login"]
        assert entries[1] == {
            "id": entries[1]["id"],
            "at": make.noon,
            "actor": "mara",
            "action": "login",
            "subject": "c1",
            "details": {"from": "web"},
        }
        assert len(await unit.audit.entries(make.tenant, limit=1)) == 1


@pytest.mark.parametrize("value", [{"seconds": 60}, "text", 5, False, None, [1, "a"]])
async def test_an_overridden_setting_keeps_its_value(store, make, value):
    by = StaffId("mara")
    async with store.write() as unit:
        await unit.settings.put(make.tenant, "chat.x", "first", declared_hash="h0", by=by, now=make.noon)
        await unit.settings.put(make.tenant, "chat.x", value, declared_hash="h1", by=by, now=make.noon + HOUR)
    async with store.write() as unit:
        assert await unit.settings.overrides(make.tenant) == {
            "chat.x": {"value": value, "declared_hash": "h1", "by": by, "at": make.noon + HOUR}
        }
        await unit.settings.drop(make.tenant, "chat.x")
        assert await unit.settings.overrides(make.tenant) == {}


async def test_a_figure_is_set_and_set_again(store, make):
    async with store.write() as unit:
        for value in (3.0, 5.0):
            await unit.analytics.put_hour(
                make.tenant, metric_type="requests", channel="web", date="2026-07-01", hour=14, value=value
            )
        await unit.analytics.put_hour(
            make.tenant, metric_type="requests", channel="web", date="2026-06-30", hour=0, value=1
        )
    async with store.read() as unit:
        assert await unit.analytics.hours(make.tenant, since_date="2026-07-01") == [
            {"metric_type": "requests", "channel": "web", "date": "2026-07-01", "hour": 14, "value": 5.0}
        ]
        assert len(await unit.analytics.hours(make.tenant, since_date="2026-06-30")) == 2


async def test_an_hour_is_counted_from_what_happened_in_it(store, make, begun):
    web = await begun(last_seq=5)
    sms = await begun(channel=Channel.SMS, created_at=make.noon - HOUR, last_seq=1)
    await begun(channel=Channel.WHATSAPP)  # nothing was said in it
    rung = {"turn_id": TurnId("t1"), "provenance": Provenance(Rung.EMBEDDED)}
    async with store.write() as unit:
        for message in (
            make.message(web, 1),
            make.message(web, 2, author=Author.CONCIERGE, **rung),
            make.message(web, 3, author=Author.CONCIERGE, provenance=Provenance(Rung.NOTICE)),
            make.message(web, 4, author=Author.STAFF),
            make.message(web, 5, created_at=make.noon + HOUR),
            make.message(sms, 1),
        ):
            await unit.conversations.add_message(make.tenant, message)
        await unit.requests.add(make.tenant, make.request(1, conversation_id=web.id))
        await unit.requests.add(make.tenant, make.request(2))
        for action in ("handoff", "login"):
            await unit.audit.add(
                make.tenant, actor="concierge", action=action, subject="c", details={"channel": "web"}, now=make.noon
            )
    async with store.read() as unit:
        counts = await unit.analytics.recount(make.tenant, start=make.noon, end=make.noon + HOUR)
        assert await unit.analytics.recount(make.other, start=make.noon, end=make.noon + HOUR) == []
    assert {(c["metric_type"], c["channel"]): c["value"] for c in counts} == {
        ("conversations_started", "web"): 1,
        ("messages_guest", "web"): 1,
        ("messages_guest", "sms"): 1,
        ("messages_concierge", "web"): 2,
        ("messages_staff", "web"): 1,
        ("turns_by_rung.embedded", "web"): 1,
        ("handoffs", "web"): 1,
        ("requests", "web"): 1,
        ("requests", "staff"): 1,
    }


async def test_a_lease_has_one_holder(store, make):
    until, second = make.noon + timedelta(seconds=10), timedelta(seconds=1)
    async with store.write() as unit:

        async def take(holder, now):
            return await unit.leases.acquire(
                make.tenant, "relay", holder=holder, now=now, until=now + timedelta(seconds=10)
            )

        assert await take("here", make.noon)
        assert await take("here", make.noon + second)
        assert not await take("there", until)
        assert await take("there", until + second)
        await unit.leases.release(make.tenant, "relay", holder="here")
        assert not await take("here", until + second)
        await unit.leases.release(make.tenant, "relay", holder="there")
        assert await take("here", until + second)


async def test_a_lease_from_before_the_clock_was_set_back_is_not_believed(store, make):
    until = make.noon + timedelta(seconds=10)
    async with store.write() as unit:
        tomorrow = make.noon + timedelta(days=1)
        assert await unit.leases.acquire(
            make.tenant, "relay", holder="dead", now=tomorrow, until=tomorrow + timedelta(seconds=10)
        )
        assert await unit.leases.acquire(make.tenant, "relay", holder="here", now=make.noon, until=until)


async def test_a_step_of_a_call_is_answered_once(store, make):
    async with store.write() as unit:
        assert await unit.calls.answer(make.tenant, "CA1", "incoming") is None
        assert await unit.calls.remember(make.tenant, "CA1", "incoming", {"seq": 1}, now=make.noon)
        assert not await unit.calls.remember(make.tenant, "CA1", "incoming", {"seq": 2}, now=make.noon)
        assert await unit.calls.remember(make.tenant, "CA1", "gather", {}, now=make.noon + HOUR)
    async with store.write() as unit:
        assert await unit.calls.answer(make.tenant, "CA1", "incoming") == {"seq": 1}
        assert await unit.calls.purge(make.tenant, make.noon + HOUR) == 1
        assert await unit.calls.answer(make.tenant, "CA1", "incoming") is None

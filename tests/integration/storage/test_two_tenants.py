"""Two properties in one database never see, change or count each other's rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from concierge_core.domain.conversation import handed_off
from concierge_core.domain.events import KnowledgeChanged
from concierge_core.domain.ids import StaffId
from concierge_core.domain.understanding import Understanding
from concierge_core.keys import KeysUnusable

LATER = timedelta(days=400)


@pytest.fixture
async def full(store, make):
    """A row of `make.tenant` in every table; what they are called."""
    guest = make.guest(name="Zoë", email="zoe@example.com", phone="+491711")
    talk = make.conversation(guest)
    turn, article, request = make.running(talk), make.article("breakfast"), make.request(1, conversation_id=talk.id)
    mara, tenant, now = make.staff("mara@example.com"), make.tenant, make.noon
    async with store.write() as unit:
        await unit.guests.add(tenant, guest, make.web_token("token"))
        await unit.conversations.add(tenant, handed_off(talk, reason="wish", accept_by=now, now=now))
        await unit.conversations.add_message(tenant, make.message(talk, 1, client_id="c1"))
        await unit.turns.add(tenant, turn)
        await unit.turns.journal(tenant, turn.id, "k", "tool", {})
        await unit.outbox.add(tenant, KnowledgeChanged())
        await unit.outbox.add_task(tenant, "task", {})
        await unit.articles.save(tenant, article)
        await unit.requests.next_number(tenant)
        await unit.requests.add(tenant, request)
        await unit.staff.add(tenant, mara)
        await unit.staff.put_session(tenant, "token", {}, now + LATER)
        await unit.audit.add(
            tenant, actor="a", action="handoff", subject="s", details={"channel": "web"}, now=make.noon
        )
        await unit.settings.put(tenant, "k", 1, declared_hash="h", by=StaffId("m"), now=now)
        await unit.analytics.put_hour(tenant, metric_type="m", channel="web", date="2026-07-01", hour=1, value=1)
        await unit.leases.acquire(tenant, "relay", holder="here", now=now, until=now + LATER)
        await unit.calls.remember(tenant, "CA1", "incoming", {}, now=now)
    async with store.write() as unit:
        (entry,) = await unit.outbox.unpositioned(tenant)
        await unit.outbox.give_positions(tenant, [entry.id])
        (task,) = await unit.outbox.unsent_tasks(tenant)
    return {
        "guest": guest,
        "talk": talk,
        "turn": turn,
        "article": article,
        "request": request,
        "mara": mara,
        "entry": entry,
        "task": task,
    }


async def test_the_other_property_reads_nothing(store, make, full):
    t, now, later = make.other, make.noon, make.noon + LATER
    async with store.read() as unit:
        assert await unit.guests.get(t, full["guest"].id) is None
        assert await unit.guests.by_session(t, make.web_token("token")) is None
        assert await unit.guests.by_phone(t, "+491711") is None
        assert await unit.guests.by_email(t, "zoe@example.com") is None
        assert await unit.conversations.get(t, full["talk"].id) is None
        assert await unit.conversations.lock(t, full["talk"].id) is None
        assert await unit.conversations.latest_of_guest(t, full["guest"].id) is None
        assert await unit.conversations.messages(t, full["talk"].id) == []
        assert await unit.conversations.last_messages(t, full["talk"].id, limit=9) == []
        assert await unit.conversations.message_by_client_id(t, full["talk"].id, "c1") is None
        assert await unit.conversations.inbox(t) == []
        assert set((await unit.conversations.counts_by_status(t)).values()) == {0}
        assert await unit.conversations.waiting_past(t, later) == []
        assert await unit.conversations.idle_since(t, later) == []
        assert await unit.turns.get(t, full["turn"].id) is None
        assert await unit.turns.open_of(t, full["talk"].id) == []
        assert await unit.turns.abandoned(t, now=later, owed_before=later, lease_horizon=later) == []
        assert await unit.turns.journalled(t, full["turn"].id) == {}
        assert await unit.outbox.unpositioned(t) == []
        assert await unit.outbox.after_position(t, 0) == []
        assert await unit.outbox.last_position(t) == 0
        assert await unit.outbox.unsent_tasks(t, sent_before=later) == []
        assert not await unit.outbox.task_open(t, full["task"].id)
        assert await unit.articles.effective(t) == await unit.articles.all(t) == []
        assert await unit.articles.get(t, full["article"].id) is None
        assert await unit.articles.version(t) == "0"
        assert await unit.requests.get(t, full["request"].id) is None
        assert await unit.requests.listed(t) == []
        assert await unit.requests.of_conversation(t, full["talk"].id) == []
        assert await unit.staff.get(t, full["mara"].id) is None
        assert await unit.staff.by_email(t, "mara@example.com") is None
        assert await unit.staff.listed(t) == []
        assert await unit.staff.session(t, "token", now) is None
        assert await unit.audit.entries(t) == []
        assert await unit.settings.overrides(t) == {}
        assert await unit.analytics.hours(t, since_date="2000-01-01") == []
        assert await unit.analytics.recount(t, start=now - LATER, end=later) == []
        assert await unit.calls.answer(t, "CA1", "incoming") is None


async def test_the_other_property_changes_nothing(store, make, full, keys):
    t, now, later = make.other, make.noon, make.noon + LATER
    async with store.write() as unit:
        await unit.guests.save(t, full["guest"])
        await unit.conversations.save(t, full["talk"])
        await unit.conversations.understood(t, full["talk"].id, 1, Understanding("faq", 1.0))
        assert await unit.conversations.delete(t, [full["talk"].id]) == 0
        await unit.turns.save(t, full["turn"])
        assert not await unit.turns.renew(t, full["turn"].id, attempt=1, holder="here", until=later)
        assert not await unit.turns.mark_shown(t, full["turn"].id, attempt=1, now=now)
        assert await unit.outbox.give_positions(t, [full["entry"].id]) == []
        await unit.outbox.task_sent(t, full["task"].id, now)
        assert not await unit.outbox.task_done(t, full["task"].id, now)
        assert await unit.outbox.purge(t, later + LATER) == 0
        await unit.articles.delete(t, full["article"].id)
        assert await unit.articles.replace_declared(t, []) == 0
        await unit.requests.save(t, full["request"])
        assert await unit.requests.next_number(t) == 1
        await unit.staff.save(t, full["mara"])
        await unit.staff.drop_session(t, "token")
        assert await unit.staff.purge_sessions(t, later + LATER) == 0
        await unit.settings.drop(t, "k")
        await unit.leases.release(t, "relay", holder="here")
        assert await unit.leases.acquire(t, "relay", holder="there", now=now, until=later)
        assert await unit.calls.purge(t, later) == 0
    t = make.tenant
    async with store.read() as unit:
        assert await unit.guests.by_session(t, make.web_token("token")) == full["guest"]
        assert (await unit.conversations.messages(t, full["talk"].id))[0].understanding is None
        assert (await unit.conversations.get(t, full["talk"].id)).handoff_reason == "wish"
        assert await unit.turns.get(t, full["turn"].id) == full["turn"]
        assert [e.position for e in await unit.outbox.after_position(t, 0)] == [1]
        assert [e.id for e in await unit.outbox.unsent_tasks(t)] == [full["task"].id]
        assert await unit.articles.all(t) == [full["article"]]
        assert await unit.staff.session(t, "token", now) == {}
        assert len(await unit.settings.overrides(t)) == 1
        assert await unit.calls.answer(t, "CA1", "incoming") == {}
    async with store.write() as unit:
        assert not await unit.leases.acquire(t, "relay", holder="there", now=now, until=later)


async def test_a_row_that_was_moved_to_the_other_property_cannot_be_read(store, make, full):
    from sqlalchemy import text

    async with store.write() as unit:
        for table in ("call_steps", "messages", "tool_journal", "turns", "service_requests", "conversations"):
            await unit.transaction.run(text(f"DELETE FROM {table}"), {})
        await unit.transaction.run(text("UPDATE users SET tenant_id = 'alpenhof'"), {})
    with pytest.raises(KeysUnusable):
        async with store.read() as unit:
            await unit.guests.get(make.other, full["guest"].id)

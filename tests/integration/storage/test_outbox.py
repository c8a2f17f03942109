"""The outbox: positions without gaps, tasks that are never lost, nothing that anybody said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider

from concierge_core.domain.events import ConversationChanged, KnowledgeChanged, MessagePosted, ReplyDelta, from_json
from concierge_core.domain.ids import ConversationId, TurnId


async def add_events(store, make, *names, tenant=None):
    async with store.write() as unit:
        for name in names:
            await unit.outbox.add(tenant or make.tenant, ConversationChanged(ConversationId(name)))


async def give_positions(store, tenant):
    async with store.write() as unit:
        entries = await unit.outbox.unpositioned(tenant)
        return await unit.outbox.give_positions(tenant, [e.id for e in entries])


async def test_events_get_positions_in_the_order_they_were_stored(store, make):
    await add_events(store, make, "a", "b", "c")
    assert await give_positions(store, make.tenant) == [1, 2, 3]
    await add_events(store, make, "d")
    assert await give_positions(store, make.tenant) == [4]
    assert await give_positions(store, make.tenant) == []
    async with store.read() as unit:
        entries = await unit.outbox.after_position(make.tenant, 2)
        assert [(e.position, e.kind, from_json(e.payload)) for e in entries] == [
            (3, "conversation_changed", ConversationChanged(ConversationId("c"))),
            (4, "conversation_changed", ConversationChanged(ConversationId("d"))),
        ]
        assert await unit.outbox.last_position(make.tenant) == 4


async def test_an_entry_keeps_its_position_when_it_is_numbered_again(store, make):
    await add_events(store, make, "a", "b")
    async with store.write() as unit:
        ids = [e.id for e in await unit.outbox.unpositioned(make.tenant)]
        assert await unit.outbox.give_positions(make.tenant, ids[:1]) == [1]
        assert await unit.outbox.give_positions(make.tenant, ids) == [2]
        assert await unit.outbox.give_positions(make.tenant, []) == []


async def test_events_of_every_kind_come_back(store, make):
    events = [MessagePosted(ConversationId("c"), 4, "guest", "00-trace"), KnowledgeChanged()]
    async with store.write() as unit:
        for event in events:
            await unit.outbox.add(make.tenant, event)
        assert [from_json(e.payload) for e in await unit.outbox.unpositioned(make.tenant)] == events


async def test_words_are_refused(store, make):
    delta = ReplyDelta(ConversationId("c"), TurnId("t"), 1, 0, "Breakfast is at seven.")
    async with store.write() as unit:
        with pytest.raises(ValueError, match="passing event"):
            await unit.outbox.add(make.tenant, delta)
        with pytest.raises(ValueError, match="is not an id"):
            await unit.outbox.add_task(make.tenant, "concierge.notify", {"text": "a" * 201})
        with pytest.raises(ValueError, match="is not an id"):
            await unit.outbox.add_task(make.tenant, "concierge.notify", {"texts": ["a"]})


async def test_a_task_waits_until_it_is_sent_and_is_open_until_it_is_done(store, make):
    async with store.write() as unit:
        await unit.outbox.add_task(make.tenant, "concierge.notify_request", {"request_id": "r1"})
        await unit.outbox.add(make.tenant, KnowledgeChanged())
    async with store.write() as unit:
        (task,) = await unit.outbox.unsent_tasks(make.tenant)
        assert task.payload == {"name": "concierge.notify_request", "arguments": {"request_id": "r1"}, "trace": {}}
        assert [e.kind for e in await unit.outbox.unpositioned(make.tenant)] == ["knowledge_changed"]
        await unit.outbox.task_sent(make.tenant, task.id, make.noon)
        assert await unit.outbox.unsent_tasks(make.tenant) == []
        assert await unit.outbox.unsent_tasks(make.tenant, sent_before=make.noon) == []
        assert len(await unit.outbox.unsent_tasks(make.tenant, sent_before=make.noon + timedelta(seconds=1))) == 1
        assert await unit.outbox.task_open(make.tenant, task.id)
        assert await unit.outbox.open_tasks(make.tenant) == 1
        assert await unit.outbox.task_done(make.tenant, task.id, make.noon)
        assert not await unit.outbox.task_done(make.tenant, task.id, make.noon)
        assert not await unit.outbox.task_open(make.tenant, task.id)
        assert await unit.outbox.open_tasks(make.tenant) == 0
        assert await unit.outbox.unsent_tasks(make.tenant, sent_before=make.noon + timedelta(days=1)) == []


async def test_a_task_carries_the_trace_of_its_cause(store, make):
    with TracerProvider().get_tracer("test").start_as_current_span("guest message") as span:
        async with store.write() as unit:
            await unit.outbox.add_task(make.tenant, "concierge.notify_request", {"request_id": "r1"})
    async with store.read() as unit:
        (task,) = await unit.outbox.unsent_tasks(make.tenant)
    assert format(span.get_span_context().trace_id, "032x") in task.payload["trace"]["traceparent"]


async def test_old_events_are_forgotten_but_no_open_task(store, make, clock):
    await add_events(store, make, "a")
    async with store.write() as unit:
        await unit.outbox.add_task(make.tenant, "open", {})
        await unit.outbox.add_task(make.tenant, "done", {})
        done = (await unit.outbox.unsent_tasks(make.tenant))[1]
        await unit.outbox.task_done(make.tenant, done.id, clock.now())
    soon = clock.now() + timedelta(seconds=1)
    async with store.write() as unit:
        assert await unit.outbox.purge(make.tenant, soon - timedelta(hours=1)) == 0
        assert await unit.outbox.purge(make.tenant, soon) == 2
        assert [t.payload["name"] for t in await unit.outbox.unsent_tasks(make.tenant)] == ["open"]
        assert await unit.outbox.purge(make.tenant, soon + timedelta(days=7)) == 1

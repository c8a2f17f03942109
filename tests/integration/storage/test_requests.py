"""Service requests, and the numbers that people call them by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from concierge_core.domain.conversation import Priority
from concierge_core.domain.ids import GuestId, StaffId
from concierge_core.domain.requests import RequestState


async def test_a_request_comes_back_as_stored(store, make, conversation):
    request = make.request(
        1,
        room_number="412",
        priority=Priority.HIGH,
        due_at=make.noon,
        conversation_id=conversation.id,
        guest_id=GuestId(conversation.guest_id),
    )
    moved = replace(
        request, state=RequestState.ACCEPTED, assignee_id=StaffId("mara"), updated_at=make.noon, summary="three"
    )
    async with store.write() as unit:
        await unit.requests.add(make.tenant, request)
        assert await unit.requests.get(make.tenant, request.id) == request
        await unit.requests.save(make.tenant, moved)
    async with store.read() as unit:
        assert await unit.requests.get(make.tenant, request.id) == moved
        assert await unit.requests.of_conversation(make.tenant, conversation.id) == [moved]


async def test_requests_are_listed_newest_first(store, make):
    requests = [make.request(n, created_at=make.noon + timedelta(minutes=n)) for n in (1, 2, 3)]
    requests[1] = replace(requests[1], state=RequestState.DONE)
    async with store.write() as unit:
        for request in requests:
            await unit.requests.add(make.tenant, request)
    async with store.read() as unit:
        assert [r.number for r in await unit.requests.listed(make.tenant)] == [3, 2, 1]
        assert [r.number for r in await unit.requests.listed(make.tenant, open_only=True)] == [3, 1]
        assert [r.number for r in await unit.requests.listed(make.tenant, limit=1)] == [3]


async def test_numbers_count_from_one_and_a_failed_unit_gives_its_number_back(store, make):
    async with store.write() as unit:
        assert await unit.requests.next_number(make.tenant) == 1
    with pytest.raises(RuntimeError, match="2"):
        async with store.write() as unit:
            raise RuntimeError(await unit.requests.next_number(make.tenant))
    async with store.write() as unit:
        assert await unit.requests.next_number(make.tenant) == 2
        assert await unit.requests.next_number(make.other) == 1

"""The day in numbers, recounted by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from concierge_admin.figures import figures
from concierge_core.domain.people import Role, Staff
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock
from concierge_core.use_cases import guest as guests
from concierge_core.use_cases import staff as staff_use_cases

SignedIn = Callable[..., Awaitable[Any]]


async def test_a_conversation_counts_as_a_persons_once_and_yesterdays_not_at_all(
    rt: Runtime, hire: Callable[..., Awaitable[Staff]], clock: FrozenClock
) -> None:
    anna = await hire("Anna")
    yesterdays = await guests.start_session(rt)
    clock.advance(20 * 3600)  # 08:00 UTC the next day
    todays = [await guests.start_session(rt) for _ in range(6)]
    for number, each in enumerate(todays[:4]):  # two guests opened the page and wrote nothing
        key = f"client-id-{number}"
        await guests.post_message(rt, conversation_id=each.conversation.id, client_id=key, text="Is the pool open?")

    await staff_use_cases.take_over(rt, conversation_id=yesterdays.conversation.id, staff=anna)
    for _ in range(2):
        await guests.request_person(rt, conversation_id=todays[0].conversation.id)
        await staff_use_cases.take_over(rt, conversation_id=todays[0].conversation.id, staff=anna)
        await staff_use_cases.hand_back(rt, conversation_id=todays[0].conversation.id, staff=anna)
    counted = await figures(rt)

    assert (counted.conversations, counted.with_a_person) == (4, 1)
    assert counted.automation_percent == 75
    assert counted.with_staff == 1


async def test_a_day_without_guests_claims_nothing(rt: Runtime, signed_in: SignedIn) -> None:
    assert (await figures(rt)).automation_percent is None

    page = (await (await signed_in("Mona", Role.MANAGER)).get("/admin/today")).text

    assert "No guest has written today yet" in page

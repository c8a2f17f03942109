"""The work queue: each key once, one at a time, edits first, failures later, storms slowed down."""

from __future__ import annotations

import asyncio

from concierge_operator.queue import Pace, Priority, WorkQueue


def queue(**pace: float) -> WorkQueue:
    return WorkQueue(Pace(**pace), lambda: 0.0)  # type: ignore[arg-type]


async def taken(q: WorkQueue) -> str:
    return await asyncio.wait_for(q.take(), 5)


async def nothing_waits(q: WorkQueue) -> bool:
    taking = asyncio.create_task(q.take())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taking.cancel()
    return not taking.done()


async def test_a_key_added_thrice_is_worked_on_once() -> None:
    q = queue()
    for _ in range(3):
        q.add("strand")

    assert await taken(q) == "strand"
    assert await nothing_waits(q)


async def test_an_edit_goes_ahead_of_a_resync_of_hundreds() -> None:
    q = queue()
    for number in range(300):
        q.add(f"hotel-{number}", Priority.RESYNC)
    q.add("edited", Priority.EDIT)

    assert await taken(q) == "edited"


async def test_a_key_waiting_for_its_resync_is_moved_ahead_when_it_is_edited() -> None:
    q = queue()
    q.add("first", Priority.RESYNC)
    q.add("second", Priority.RESYNC)
    q.add("second", Priority.EDIT)

    assert [await taken(q), await taken(q)] == ["second", "first"]
    assert await nothing_waits(q)


async def test_a_key_is_never_with_two_workers_and_what_came_meanwhile_is_not_missed() -> None:
    q = queue()
    q.add("strand")
    assert await taken(q) == "strand"
    q.add("strand")

    assert await nothing_waits(q)
    q.done("strand")
    assert await taken(q) == "strand"


async def test_a_failed_key_comes_again_and_a_good_end_resets_its_pause() -> None:
    q = queue()
    q.add("strand")
    for _ in range(3):
        assert await taken(q) == "strand"
        q.done("strand", failed=True)
    assert await taken(q) == "strand"
    q.done("strand")

    assert await nothing_waits(q)


def test_pauses_double_up_to_the_longest_and_are_spread_over_their_whole_length() -> None:
    pace = Pace(first_pause_seconds=1, longest_pause_seconds=60)

    assert [pace.pause_after(n, 0.999_999) for n in (1, 2, 3)] == [0.999_999, 1.999_998, 3.999_996]
    assert pace.pause_after(100, 0.5) == 30
    assert pace.pause_after(5, 0.0) == 0


async def test_a_storm_on_one_key_takes_nothing_from_the_others() -> None:
    q = queue(burst=2, refill_seconds=1000)
    for _ in range(2):
        q.add("storm")
        assert await taken(q) == "storm"
        q.done("storm")
    q.add("storm")
    q.add("calm", Priority.RESYNC)

    assert await taken(q) == "calm"
    assert await nothing_waits(q)


async def test_a_later_time_is_forgotten_when_the_key_is_worked_on_before() -> None:
    q = queue()
    q.add_later("strand", 0.0)
    q.add("strand")
    assert await taken(q) == "strand"
    q.done("strand")

    assert await nothing_waits(q)


async def test_a_server_that_wants_to_be_left_alone_is_even_when_somebody_edits() -> None:
    q = queue()
    q.add("strand")
    await taken(q)
    q.done("strand", failed=True, at_least_seconds=0.3)
    q.add("strand", Priority.EDIT)

    assert await nothing_waits(q)
    began = asyncio.get_running_loop().time()
    assert await taken(q) == "strand"
    assert asyncio.get_running_loop().time() - began >= 0.25


async def test_its_length_is_how_many_wait() -> None:
    q = queue()
    for name in ("strand", "vigie", "strand"):
        q.add(name, Priority.RESYNC)
    q.add("strand", Priority.EDIT)  # it is moved ahead, and waits once
    assert len(q) == 2

    assert await taken(q) == "strand"
    assert len(q) == 1

    q.add("strand")  # it comes again when it was worked on
    assert len(q) == 1
    q.done("strand")
    assert len(q) == 2


async def test_somebody_who_edits_what_just_failed_waits_for_no_pause_of_before() -> None:
    q = WorkQueue(Pace(first_pause_seconds=0.01, longest_pause_seconds=300), lambda: 0.999)
    for _ in range(30):
        q.add("strand")
        await taken(q)
        q.done("strand", failed=True)
    q.add("strand")
    await taken(q)
    q.add("strand", Priority.EDIT)
    q.done("strand", failed=True)

    assert await taken(q) == "strand"


async def test_news_of_what_the_cluster_does_meanwhile_shorten_no_pause() -> None:
    q = WorkQueue(Pace(first_pause_seconds=1000), lambda: 0.999)
    q.add("strand")
    await taken(q)
    q.add("strand", Priority.NEWS)
    q.done("strand", failed=True)

    assert await nothing_waits(q)


async def test_of_what_is_gone_nothing_is_kept() -> None:
    q = queue()
    q.add("strand")
    await taken(q)
    q.add_later("strand", 1000)
    q.done("strand", gone=True)

    assert not q.knows("strand")


async def test_what_comes_back_while_its_end_is_worked_on_is_worked_on_again() -> None:
    q = queue()
    q.add("strand")
    await taken(q)
    q.add("strand")
    q.done("strand", gone=True)

    assert await taken(q) == "strand"

"""Kopf's requests are paced: some at once, then one a second, whatever it wants."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_operator.kopf_session import Pace


def test_the_first_few_requests_do_not_wait() -> None:
    pace = Pace(burst=3, refill_seconds=1)

    assert [pace.wait_seconds(100.0) for _ in range(5)] == [0, 0, 0, 1, 2]


def test_after_a_rest_there_is_room_again() -> None:
    pace = Pace(burst=3, refill_seconds=1)
    for _ in range(5):
        pace.wait_seconds(100.0)

    assert [pace.wait_seconds(200.0) for _ in range(4)] == [0, 0, 0, 1]


@settings(deadline=None)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=100))
def test_in_no_span_of_time_are_there_more_than_it_allows(pauses: list[float]) -> None:
    pace, now, made = Pace(burst=5, refill_seconds=1), 1000.0, list[float]()
    for pause in pauses:
        now += pause
        made.append(now + pace.wait_seconds(now))

    for first in made:
        within = sum(first <= moment < first + 10 for moment in made)
        assert within <= 5 + 10 + 1

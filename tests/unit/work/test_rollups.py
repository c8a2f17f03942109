"""Which hours are counted, in every time zone and across every clock change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_core.rollups import LONGEST_LOOK_BACK, LOOK_BACK, added_up, count_from, hours_between

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "UTC",
]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def test_an_hour_is_named_by_the_house_clock() -> None:
    (hour,) = hours_between(utc(2026, 7, 1, 6, 20), utc(2026, 7, 1, 6, 40), BERLIN)

    assert (hour.day, hour.number) == ("2026-07-01", 8)
    assert hour.spans == ((utc(2026, 7, 1, 6), utc(2026, 7, 1, 7)),)


def test_the_hour_that_comes_twice_in_autumn_is_counted_as_one() -> None:
    hours = hours_between(utc(2026, 10, 25, 0), utc(2026, 10, 25, 3), BERLIN)
    by_number = {hour.number: hour.spans for hour in hours}

    assert by_number[2] == ((utc(2026, 10, 25, 0), utc(2026, 10, 25, 2)),)
    assert by_number[3] == ((utc(2026, 10, 25, 2), utc(2026, 10, 25, 3)),)


def test_beginning_within_the_second_of_the_twin_hours_counts_both() -> None:
    first = hours_between(utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 1, 45), BERLIN)

    assert first[0].spans == ((utc(2026, 10, 25, 0), utc(2026, 10, 25, 2)),)


def test_the_hour_that_is_missing_in_spring_is_not_counted() -> None:
    hours = hours_between(utc(2026, 3, 29, 0), utc(2026, 3, 29, 3), BERLIN)

    assert [hour.number for hour in hours] == [1, 3, 4]


def test_an_hour_that_begins_at_half_past_is_whole() -> None:
    (hour,) = hours_between(utc(2026, 7, 1, 6, 40), utc(2026, 7, 1, 6, 50), ZoneInfo("Asia/Kolkata"))

    assert (hour.number, hour.spans) == (12, ((utc(2026, 7, 1, 6, 30), utc(2026, 7, 1, 7, 30)),))


@given(
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
    hours=st.integers(1, 30),
    name=st.sampled_from(ZONES),
)
def test_every_moment_is_counted_once(start: datetime, hours: int, name: str) -> None:
    begin = start.replace(tzinfo=UTC)
    end = begin + timedelta(hours=hours)

    counted = hours_between(begin, end, ZoneInfo(name))

    spans = sorted(span for hour in counted for span in hour.spans)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
    assert spans[0][0] <= begin
    assert spans[-1][1] >= end
    assert len({(hour.day, hour.number) for hour in counted}) == len(counted)


def test_the_last_day_and_a_bit_is_counted_every_time() -> None:
    now = utc(2026, 7, 10, 12)

    assert count_from(now, "2026-07-10", BERLIN) == now - LOOK_BACK


def test_a_standstill_is_made_good_up_to_a_bound() -> None:
    now = utc(2026, 7, 10, 12)

    assert count_from(now, "2026-07-06", BERLIN) == utc(2026, 7, 5, 22)
    assert count_from(now, "2026-01-01", BERLIN) == now - LONGEST_LOOK_BACK
    assert count_from(now, None, BERLIN) == now - LONGEST_LOOK_BACK


def test_counts_of_several_stretches_add_up() -> None:
    rows = [
        {"metric_type": "messages_guest", "channel": "web", "value": 2},
        {"metric_type": "messages_guest", "channel": "web", "value": 3},
        {"metric_type": "messages_guest", "channel": "voice", "value": 1},
    ]

    assert added_up(rows) == {("messages_guest", "web"): 5, ("messages_guest", "voice"): 1}


@pytest.mark.parametrize("name", ZONES)
def test_a_year_has_as_many_named_hours_as_the_zone_gives_it(name: str) -> None:
    counted = hours_between(utc(2026, 1, 1), utc(2026, 12, 31), ZoneInfo(name))

    total = sum((end - begin for hour in counted for begin, end in hour.spans), timedelta())
    assert timedelta(days=364) <= total <= timedelta(days=364, hours=3)

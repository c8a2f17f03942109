"""Opening hours: what counts is the wall clock of the property."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from concierge_core.tenant.hours import Hours

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_open_from_the_first_minute_and_closed_at_the_last() -> None:
    desk = Hours(daily=["06:30-23:00"])
    assert not desk.is_open(at("2026-07-01T06:29"))
    assert desk.is_open(at("2026-07-01T06:30"))
    assert desk.is_open(at("2026-07-01T22:59"))
    assert not desk.is_open(at("2026-07-01T23:00"))


def test_always_is_open_at_midnight_too() -> None:
    assert Hours.always().is_open(at("2026-07-01T00:00"))
    assert Hours.always().is_open(at("2026-07-01T23:59"))


def test_a_span_runs_past_midnight_into_a_day_that_is_closed() -> None:
    bar = Hours(friday=["18:00-02:00"])
    assert bar.is_open(at("2026-07-04T01:59"))  # a Saturday
    assert not bar.is_open(at("2026-07-04T02:00"))
    assert not bar.is_open(at("2026-07-03T01:00"))


def test_the_day_wins_over_the_weekend_and_the_weekend_over_daily() -> None:
    hours = Hours(daily=["08:00-18:00"], weekend=["10:00-16:00"], sunday=[])
    assert hours.spans_on(date(2026, 7, 3)) == ["08:00-18:00"]
    assert hours.spans_on(date(2026, 7, 4)) == ["10:00-16:00"]
    assert hours.spans_on(date(2026, 7, 5)) == []


def test_a_closed_day_is_closed_and_skipped() -> None:
    hours = Hours(daily=["08:00-18:00"], closed_on=[date(2026, 12, 24)])
    assert not hours.is_open(at("2026-12-24T10:00"))
    assert hours.next_opening(at("2026-12-23T19:00")) == at("2026-12-25T08:00")


def test_the_next_opening_is_today_tomorrow_or_never() -> None:
    hours = Hours(weekdays=["12:00-14:00", "18:00-22:00"])
    assert hours.next_opening(at("2026-07-03T09:00")) == at("2026-07-03T12:00")
    assert hours.next_opening(at("2026-07-03T15:00")) == at("2026-07-03T18:00")
    assert hours.next_opening(at("2026-07-03T23:00")) == at("2026-07-06T12:00")
    assert Hours().next_opening(at("2026-07-03T23:00")) is None


def test_hours_follow_the_wall_clock_when_the_clocks_change() -> None:
    desk = Hours(daily=["08:00-18:00"])
    opens = desk.next_opening(at("2026-03-28T20:00"))
    assert opens is not None
    assert opens.isoformat() == "2026-03-29T08:00:00+02:00"


@pytest.mark.parametrize("span", ["7-22", "07:00-25:00", "07:00-07:00", "24:00-08:00", "07:00", "07:60-08:00"])
def test_nonsense_is_refused_with_an_example(span: str) -> None:
    with pytest.raises(ValidationError, match="HH:MM-HH:MM"):
        Hours(daily=[span])


clock = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
spans = st.lists(st.tuples(clock, clock).filter(lambda s: s[0] != s[1]).map("-".join), max_size=3)
weeks = st.fixed_dictionaries({}, optional=dict.fromkeys(("daily", "weekend", "monday", "friday", "sunday"), spans))


@given(weeks, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_nothing_is_open_between_closing_and_the_next_opening(week: dict[str, Any], now: datetime) -> None:
    hours = Hours(**week)
    opens = hours.next_opening(now)
    if opens is not None:
        assert hours.is_open(opens)
    if not hours.is_open(now):
        end = opens or now + timedelta(days=8)
        steps = range(0, min(int((end - now).total_seconds()), 8 * 86400), 1800)
        assert not any(hours.is_open(now + timedelta(seconds=step)) for step in steps)

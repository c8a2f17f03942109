"""Cron lines, in the local time of a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_core.tenant.cron import Schedule

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)  # a Thursday
UTC_ZONE = ZoneInfo("UTC")


def last(line: str, count: int = 2, *, zone: str = "UTC", now: datetime = NOW) -> list[str]:
    runs = islice(Schedule.parse(line).runs_before(now, ZoneInfo(zone)), count)
    return [f"{run:%m-%d %H:%M}" for run in runs]


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("30 3 * * *", ["11-26 03:30", "11-25 03:30"]),
        ("0 12 * * *", ["11-26 12:00", "11-25 12:00"]),
        ("*/20 * * * *", ["11-26 12:00", "11-26 11:40"]),
        ("5/30 9-17/4 * * *", ["11-26 09:35", "11-26 09:05"]),
        ("0 4 * * 1", ["11-23 04:00", "11-16 04:00"]),
        ("0 4 * * mon,Sat", ["11-23 04:00", "11-21 04:00"]),
        ("0 0 1 jan,jul *", ["07-01 00:00", "01-01 00:00"]),
        ("0 0 13 * 5", ["11-20 00:00", "11-13 00:00"]),
        ("0 0 24 * 5", ["11-24 00:00", "11-20 00:00"]),
        ("0 0 29 2 *", ["02-29 00:00", "02-29 00:00"]),
        ("@hourly", ["11-26 12:00", "11-26 11:00"]),
        ("@daily", ["11-26 00:00", "11-25 00:00"]),
        ("@weekly", ["11-22 00:00", "11-15 00:00"]),
        ("@monthly", ["11-01 00:00", "10-01 00:00"]),
    ],
)
def test_a_line_names_these_moments(line: str, runs: list[str]) -> None:
    assert last(line) == runs


def test_the_clock_is_the_propertys_own_in_summer_and_winter() -> None:
    assert last("30 3 * * *", 1, zone="Europe/Berlin") == ["11-26 02:30"]
    assert last("30 3 * * *", 1, zone="Europe/Berlin", now=datetime(2026, 7, 1, 12, tzinfo=UTC)) == ["07-01 01:30"]
    assert last("30 23 * * *", 1, zone="Asia/Muscat") == ["11-25 19:30"]


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 500_000))
def test_a_daily_line_runs_once_a_day(minute: int, hour: int, since: int) -> None:
    now = NOW + timedelta(minutes=since)
    newest, older = islice(Schedule.parse(f"{minute} {hour} * * *").runs_before(now, UTC_ZONE), 2)

    assert newest - older == timedelta(days=1)
    assert timedelta() <= now - newest < timedelta(days=1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("30 3 * *", "must have five fields"),
        ("60 * * * *", '"60" is not in the range of 0 to 59'),
        ("0 5-2 * * *", '"5-2" is not in the range of 0 to 23'),
        ("*/0 * * * *", '"*/0" is not in the range'),
        ("0 0 0 * *", '"0" is not in the range of 1 to 31'),
        ("0 0 * * 7", '"7" is not in the range of 0 to 6'),
        ("a b c d e", '"a" is no number'),
        ("² * * * *", '"²" is no number'),
    ],
)
def test_what_is_no_cron_line_is_said_so(line: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        Schedule.parse(line)

    assert words in str(refused.value)


def test_a_day_that_never_comes_ends_the_search() -> None:
    assert last("0 0 31 2 *") == []

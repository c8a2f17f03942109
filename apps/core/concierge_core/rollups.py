"""Hourly figures: which hours of the property's day to count again, and how counts add up. Pure.

An hour is named by its local date and number. Where clocks are set back the same name covers two stretches of time,
where they are set forward a name is missing that day, and some zones begin their hours at half past: so hours are
collected from quarter hours, the finest step by which today's zones differ. Counting an hour again gives the same
figure, which makes the work safe to repeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_STEP = timedelta(minutes=15)
LOOK_BACK = timedelta(hours=26)
"""What is counted at every run: all of today and the hours around a clock change, in every zone."""
LONGEST_LOOK_BACK = timedelta(days=8)
"""After a long standstill, at most so much is counted at once."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One local hour: `day` is an ISO date, `number` 0 to 23, `spans` the UTC stretches [start, end) it covers."""

    day: str
    number: int
    spans: tuple[tuple[datetime, datetime], ...]


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> list[Hour]:
    """The local hours that touch [start, end), oldest first, each whole."""
    first = _hour_begin(start, zone)
    spans: dict[tuple[str, int], list[tuple[datetime, datetime]]] = {}
    moment = first
    while moment < end or _name(moment, zone) == _name(moment - _STEP, zone):
        stretches = spans.setdefault(_name(moment, zone), [])
        if stretches and stretches[-1][1] == moment:
            stretches[-1] = (stretches[-1][0], moment + _STEP)
        else:
            stretches.append((moment, moment + _STEP))
        moment += _STEP
    return [Hour(day, number, tuple(stretches)) for (day, number), stretches in spans.items()]


def count_from(now: datetime, last_counted_day: str | None, zone: ZoneInfo) -> datetime:
    """From when on to count: `LOOK_BACK`, or from the last day that has figures if work stood still for longer."""
    usual, furthest = now - LOOK_BACK, now - LONGEST_LOOK_BACK
    if last_counted_day is None:
        return furthest
    begin = datetime.combine(date.fromisoformat(last_counted_day), datetime.min.time(), tzinfo=zone).astimezone(UTC)
    return max(furthest, min(usual, begin))


def added_up(counts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Counts of several stretches as one: (metric type, channel) → value."""
    total: Counter[tuple[str, str]] = Counter()
    for count in counts:
        total[count["metric_type"], count["channel"]] += count["value"]
    return dict(total)


def _name(moment: datetime, zone: ZoneInfo) -> tuple[str, int]:
    local = moment.astimezone(zone)
    return local.date().isoformat(), local.hour


def _hour_begin(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first quarter hour (UTC) that bears the name of this moment's local hour, also before a clock change."""
    quarter = moment.astimezone(UTC).replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    name = _name(quarter, zone)
    # The same name may have begun up to two hours earlier, before the clocks were set back.
    candidates = [quarter - k * _STEP for k in range(13)]
    return min(c for c in candidates if _name(c, zone) == name)

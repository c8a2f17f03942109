"""Weekly opening hours, in the property's local time."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema

from concierge_core.tenant.values import Day, Section, problem

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(([01]\d|2[0-3]):([0-5]\d)|24:00)")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT = 24 * 60


def _span(value: str) -> str:
    compact = value.replace(" ", "").replace("–", "-")
    if not _SPAN.fullmatch(compact) or compact[:5] == compact[6:]:
        raise problem(f'"{value}" must be opening hours as "HH:MM-HH:MM", such as "07:00-22:30" or "18:00-02:00"')
    return compact


Span = Annotated[
    str,
    AfterValidator(_span),
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9] ?[-–] ?[0-2][0-9]:[0-5][0-9]$", "maxLength": 13}
    ),
]
Spans = Annotated[list[Span], Field(max_length=6)]


class Hours(Section):
    """Opening hours: spans "HH:MM-HH:MM" per day, in local time; a span may run past midnight ("18:00-02:00").

    A day's own entry wins over `weekdays`/`weekend`, which win over `daily`. A day without any entry is closed, and an
    empty list closes a day.
    """

    daily: Spans | None = None
    """Every day that has no entry of its own."""
    weekdays: Spans | None = None
    """Monday to Friday."""
    weekend: Spans | None = None
    """Saturday and Sunday."""
    monday: Spans | None = None
    """Mondays."""
    tuesday: Spans | None = None
    """Tuesdays."""
    wednesday: Spans | None = None
    """Wednesdays."""
    thursday: Spans | None = None
    """Thursdays."""
    friday: Spans | None = None
    """Fridays."""
    saturday: Spans | None = None
    """Saturdays."""
    sunday: Spans | None = None
    """Sundays."""
    closed_on: Annotated[list[Day], Field(max_length=100)] = Field(default_factory=list)
    """Days on which it does not open at all, such as 2026-12-24."""

    @classmethod
    def always(cls) -> Self:
        """Day and night."""
        return cls(daily=["00:00-24:00"])

    def spans_on(self, day: date) -> list[str]:
        """The spans that begin on this day, as written."""
        if day in self.closed_on:
            return []
        group = self.weekend if day.weekday() >= 5 else self.weekdays
        own: list[str] | None = getattr(self, _DAYS[day.weekday()])
        return next((spans for spans in (own, group, self.daily) if spans is not None), [])

    def is_open(self, now_local: datetime) -> bool:
        """Open at this local time (aware or naive: only the wall clock counts)."""
        today, minute = now_local.date(), now_local.hour * 60 + now_local.minute
        if any(start <= minute < end for start, end in map(_minutes, self.spans_on(today))):
            return True
        yesterday = self.spans_on(today - timedelta(days=1))
        return any(minute < end - _MIDNIGHT for _, end in map(_minutes, yesterday))

    def next_opening(self, now_local: datetime) -> datetime | None:
        """The next moment after now at which a span begins, with now's tzinfo; None if none does within a year.

        Meant for when it is closed: while it is open this is the begin of a later span.
        """
        for offset in range(367):
            day = now_local.date() + timedelta(days=offset)
            for start, _ in sorted(map(_minutes, self.spans_on(day))):
                opens = datetime.combine(day, time(start // 60, start % 60), tzinfo=now_local.tzinfo)
                if opens > now_local:
                    return opens
        return None


def _minutes(span: str) -> tuple[int, int]:
    """Begin and end in minutes after the day's midnight; the end is past 1440 when it lies on the next day."""
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
    return start, end if end > start else end + _MIDNIGHT

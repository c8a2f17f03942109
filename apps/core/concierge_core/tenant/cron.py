"""Cron lines, as Kubernetes reads them: five fields or a nickname, in the local time of a place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NICKNAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_DAYS = 9 * 366
"""A leap day can be eight years away."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something runs. Weekdays count from Sunday, 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both day and weekday are restricted: then one of them is enough, by an old custom of cron."""

    @classmethod
    def parse(cls, line: str) -> Schedule:
        """Raises `ValueError` with words for people."""
        fields = _NICKNAMES.get(line, line).split()
        if len(fields) != 5:
            raise ValueError(f'"{line}" must have five fields: minute, hour, day, month, weekday')
        minute, hour, day, month, weekday = fields
        return cls(
            _numbers(minute, 0, 59),
            _numbers(hour, 0, 23),
            _numbers(day, 1, 31),
            _numbers(month, 1, 12, _MONTHS, 1),
            _numbers(weekday, 0, 6, _WEEKDAYS),
            not (_is_any(day) or _is_any(weekday)),
        )

    def runs_before(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The moments at which it ran, in UTC, the last one (it may be `moment` itself) first."""
        today = moment.astimezone(zone).date()
        for back in range(_LONGEST_DAYS):
            day = today - timedelta(days=back)
            if self._fits(day):
                yield from (run for run in self._on(day, zone) if run <= moment)

    def _fits(self, day: date) -> bool:
        by_number, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        right = by_number or by_weekday if self.either_day else by_number and by_weekday
        return right and day.month in self.months

    def _on(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        for hour in sorted(self.hours, reverse=True):
            for minute in sorted(self.minutes, reverse=True):
                yield datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _is_any(field: str) -> bool:
    return field[0] in "*?"


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = (), first: int = 0) -> frozenset[int]:
    known = {name: number for number, name in enumerate(names, first)}
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        low, high = _ends(span, least, most, known, open_ended=bool(step))
        if not least <= low <= high <= most or (step and not (step.isdecimal() and int(step) > 0)):
            raise ValueError(f'"{part}" is not in the range of {least} to {most}')
        found |= set(range(low, high + 1, int(step or 1)))
    return frozenset(found)


def _ends(span: str, least: int, most: int, known: dict[str, int], *, open_ended: bool) -> tuple[int, int]:
    if span in ("*", "?"):
        return least, most
    low, dash, high = span.partition("-")
    first = _number(low, known)
    if dash:
        return first, _number(high, known)
    return first, most if open_ended else first


def _number(word: str, known: dict[str, int]) -> int:
    if word in known:
        return known[word]
    if not word.isascii() or not word.isdecimal():
        raise ValueError(f'"{word}" is no number')
    return int(word)

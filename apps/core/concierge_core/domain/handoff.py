"""What a hand-off promises: a person within a time, or honestly none before the desk opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class PersonSoon:
    """Staff are there: somebody accepts until `accept_by`, or the guest is told."""

    accept_by: datetime


@dataclass(frozen=True, slots=True)
class DeskClosed:
    """Nobody is there now. `opens` is the property's local time when somebody will be; None: not in sight."""

    opens: datetime | None


def promise(
    *, now: datetime, is_open: bool, opens: datetime | None, accept_within_seconds: int
) -> PersonSoon | DeskClosed:
    """The promise that can be kept."""
    if is_open:
        return PersonSoon(now + timedelta(seconds=accept_within_seconds))
    return DeskClosed(opens)

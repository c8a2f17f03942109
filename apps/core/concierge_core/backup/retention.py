"""Which archives are old enough to go. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from concierge_core.backup.manifest import moment_of


def outdated(names: Iterable[str], *, now: datetime, keep_days: int) -> list[str]:
    """Archives older than `keep_days`, oldest first. The newest stays whatever its age; other files are not touched."""
    ours = sorted((made_at, name) for name in names if (made_at := moment_of(name)) is not None)
    too_old = now - timedelta(days=keep_days)
    return [name for made_at, name in ours[:-1] if made_at < too_old]

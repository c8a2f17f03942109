"""Moments as Kubernetes writes them: whole seconds in objects, microseconds in Leases and Events; always UTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_SECONDS: Final = "%Y-%m-%dT%H:%M:%SZ"
_MICROSECONDS: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def written(moment: datetime) -> str:
    """In whole seconds."""
    return moment.astimezone(UTC).strftime(_SECONDS)


def written_finely(moment: datetime) -> str:
    """In microseconds."""
    return moment.astimezone(UTC).strftime(_MICROSECONDS)


def read(text: str | None) -> datetime | None:
    """What `written` wrote; None for nothing, and for what somebody wrote by hand."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, _SECONDS).replace(tzinfo=UTC)
    except ValueError:
        return None

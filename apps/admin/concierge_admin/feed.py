"""What one live connection tells, in order and without gaps. Pure: events and outbox entries in, notices out.

News come twice: at once by the broadcast (best effort, no position yet), and from the outbox once the relay has given
them their position. What was told at once is not told again; its position is still sent, so that a browser that comes
back asks for exactly what it has missed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from concierge_core.domain.events import (
    Event,
    OutboxAdvanced,
    ReplyDelta,
    ReplyWithdrawn,
    TurnStarted,
    TypingChanged,
    to_json,
)
from concierge_core.ports import OutboxEntry

_PASSING = (ReplyDelta, ReplyWithdrawn, TurnStarted, TypingChanged)
_LONGEST_BACKLOG = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """One SSE message. Without `data` it only moves the browser's position on."""

    data: Mapping[str, Any] | None
    position: int | None = None

    def encode(self) -> bytes:
        """As sent. JSON has no line breaks, so one `data:` line is enough."""
        lines = [f"id: {self.position}"] if self.position is not None else []
        if self.data is not None:
            lines += ["event: notice", f"data: {json.dumps(self.data, ensure_ascii=False)}"]
        return ("\n".join(lines) + "\n\n").encode()


class Feed:
    """One connection's place in the tenant's news."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._told: Counter[str] = Counter()

    def heard(self, event: Event) -> Notice | None:
        """What to tell at once of a broadcast event; None when it only means "read the outbox"."""
        if isinstance(event, OutboxAdvanced):
            return None
        data = _data(to_json(event))
        if not isinstance(event, _PASSING):
            self._told[_key(data)] += 1
        return Notice(data)

    def stored(self, entries: Iterable[OutboxEntry]) -> list[Notice]:
        """What to tell of the outbox entries after `position`, which moves on."""
        notices = []
        for entry in entries:
            if entry.position is None:
                continue
            self.position = max(self.position, entry.position)
            notices.append(Notice(self._unless_told(_data({**entry.payload, "kind": entry.kind})), entry.position))
        if len(notices) < _LONGEST_BACKLOG:
            # All has been read: what is still noted here was a broadcast without an entry of its own.
            self._told.clear()
        return notices

    def start_over(self, position: int) -> Notice:
        """Too much was missed to tell one by one: the page reads everything it shows again."""
        self.position = position
        self._told.clear()
        return Notice({"kind": "resync"}, position)

    def _unless_told(self, data: dict[str, Any]) -> dict[str, Any] | None:
        key = _key(data)
        if self._told[key] > 0:
            self._told[key] -= 1
            return None
        return data


def _data(event: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k != "traceparent"}


def _key(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)

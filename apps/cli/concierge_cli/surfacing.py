"""Which log lines of the parts a person should see at once: errors, each kind at most once in a while."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUIET_SECONDS = 60.0
_LEVELS = {"error", "critical"}
_LONGEST = 160
_KINDS = 200


@dataclass
class Surfaced:
    """What was said lately, by event."""

    now: Callable[[], float] = time.monotonic
    _said: dict[str, float] = field(default_factory=dict)

    def worth_saying(self, line: str) -> str | None:
        """The event of an error line, unless the same was said within `QUIET_SECONDS`."""
        event = _error(line)
        if event is None:
            return None
        now = self.now()
        if now - self._said.get(event, -QUIET_SECONDS) < QUIET_SECONDS:
            return None
        if len(self._said) >= _KINDS:
            self._said.clear()
        self._said[event] = now
        return event


def _error(line: str) -> str | None:
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if fields.get("level") not in _LEVELS:
        return None
    event, reason = fields.get("event", "an error"), fields.get("reason")
    said = f"{event} ({reason})" if isinstance(reason, str) and reason else str(event)
    return " ".join(said.split())[:_LONGEST].rstrip(".")

"""What travels with a task beside its arguments: the outbox entry it fulfils, since when, and the guest's trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ENTRY = "concierge_entry"
_CREATED = "concierge_created"
_TRACE = "traceparent"


@dataclass(frozen=True, slots=True)
class Envelope:
    """`entry_id` is None for work that beat began."""

    entry_id: int | None = None
    created_at: datetime | None = None
    traceparent: str | None = None

    def to_headers(self) -> dict[str, str]:
        """As message headers, text only."""
        created = self.created_at.isoformat() if self.created_at else None
        entry = str(self.entry_id) if self.entry_id is not None else None
        named = {_ENTRY: entry, _CREATED: created, _TRACE: self.traceparent}
        return {name: value for name, value in named.items() if value is not None}

    @classmethod
    def from_headers(cls, headers: Mapping[str, Any]) -> Envelope:
        """The inverse; what is missing stays None."""
        entry, created = headers.get(_ENTRY), headers.get(_CREATED)
        return cls(
            entry_id=int(entry) if entry is not None else None,
            created_at=datetime.fromisoformat(created) if created else None,
            traceparent=headers.get(_TRACE),
        )

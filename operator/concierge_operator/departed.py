"""Uids of objects that are gone. An answer to a write of ours can come later than the news that its object was deleted;
without a memory of the departed it would bring the object back to life in our books, and nobody would make it again.
"""

from __future__ import annotations

_REMEMBERED = 4096


class Departed:
    """The last few thousand: uids never come back, and answers are never late by more than a minute."""

    def __init__(self) -> None:
        self._uids: dict[str, None] = {}

    def add(self, uid: str) -> None:
        """This one is gone."""
        self._uids[uid] = None
        if len(self._uids) > _REMEMBERED:
            del self._uids[next(iter(self._uids))]

    def __contains__(self, uid: str) -> bool:
        return uid in self._uids

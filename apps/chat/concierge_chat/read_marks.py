"""What guests have read, stored together: each looks at each message, and no single look is worth a transaction."""

from __future__ import annotations

import asyncio

import structlog

from concierge_core.domain.conversation import Author
from concierge_core.domain.ids import ConversationId
from concierge_core.errors import ConciergeError
from concierge_core.runtime import Runtime
from concierge_core.use_cases.guest import mark_read

log = structlog.get_logger()
STORED_AFTER_SECONDS = 1.0


class ReadMarks:
    """The newest marks of this process's guests that are not stored yet. Staff see them a moment later; a process that
    is killed forgets those of its last second."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._newest: dict[ConversationId, int] = {}
        self._writer: asyncio.Task[None] | None = None

    def note(self, conversation_id: ConversationId, seq: int) -> None:
        """The guest has seen everything up to this message."""
        self._newest[conversation_id] = max(seq, self._newest.get(conversation_id, 0))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._store_in_a_moment())

    async def settle(self, conversation_id: ConversationId) -> None:
        """Store what this guest has seen at once: they leave, and the process may, too."""
        seq = self._newest.pop(conversation_id, None)
        if seq is not None:
            await self._store({conversation_id: seq})

    async def _store_in_a_moment(self) -> None:
        while self._newest:
            await self._rt.clock.sleep(STORED_AFTER_SECONDS)
            newest, self._newest = self._newest, {}
            await self._store(newest)

    async def _store(self, seen: dict[ConversationId, int]) -> None:
        if not seen:
            return
        try:
            await mark_read(self._rt, seen, by=Author.GUEST)
        except ConciergeError as error:
            log.warning("read_marks_not_stored", conversations=len(seen), error=type(error).__name__)
            for conversation_id, seq in seen.items():
                self.note(conversation_id, seq)
        except Exception:
            # A defect must not end the writer, which serves every guest of this process.
            log.exception("read_marks_lost", conversations=len(seen))

"""Public fakes for tests: a clock turned by hand and a concierge that says what it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta

from concierge_core.ai_wire import Done, ReplyEvent, ReplyRequest, Sentence, UnderstandingRequest, Understood
from concierge_core.errors import Unavailable


class FrozenClock:
    """Time stands still until `advance`. `sleep` lets other tasks run and returns when time has come."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """The hand-turned time."""
        return self._now

    def monotonic(self) -> float:
        """Seconds of the same time."""
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Until somebody has advanced the clock far enough."""
        until = self._now + timedelta(seconds=seconds)
        while self._now < until:
            await self._moved.wait()

    def advance(self, seconds: float) -> None:
        """Turn the clock on."""
        self._now += timedelta(seconds=seconds)
        self._moved.set()
        self._moved = asyncio.Event()


class ScriptedConcierge:
    """Replies from a script, one step list per turn; when the script is over, it says back what it was asked.

    A step is an event to yield, an exception to raise, an `asyncio.Event` to wait for, or a function of the request
    that gives an event. `requests` keeps what was asked.
    """

    Step = ReplyEvent | BaseException | asyncio.Event | Callable[[ReplyRequest], ReplyEvent]

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self._scripts = deque(scripts)
        self.requests: list[ReplyRequest] = []

    def add(self, *steps: Step) -> None:
        """Script one more turn."""
        self._scripts.append(steps)

    async def understand(self, request: UnderstandingRequest) -> Understood:
        """An emergency where the word stands in the text; else an ordinary question."""
        urgent = "fire" in request.text
        return Understood(
            intent="emergency" if urgent else "faq", confidence=0.9, urgency="emergency" if urgent else "normal"
        )

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyEvent]:
        """Play the next script."""
        self.requests.append(request)
        steps = self._scripts.popleft() if self._scripts else said(*(f"You said: {m}" for m in request.messages))
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif callable(step):
                yield step(request)
            else:
                yield step


def said(*sentences: str) -> list[ScriptedConcierge.Step]:
    """The script of an ordinary reply."""
    spoken = [Sentence(text=s + " ") for s in sentences]
    return [Understood(intent="faq", confidence=0.9), *spoken, Done(rung="embedded", confidence=0.9)]


def cut_off(*sentences: str) -> list[ScriptedConcierge.Step]:
    """The script of a reply that breaks off."""
    return [*(Sentence(text=s + " ") for s in sentences), Unavailable("model")]


def hanging() -> tuple[asyncio.Event, list[ScriptedConcierge.Step]]:
    """The script of a model that never answers, and an event that says when it was asked."""
    asked = asyncio.Event()

    def note(_request: ReplyRequest) -> ReplyEvent:
        asked.set()
        return Understood(intent="faq", confidence=0.5)

    return asked, [note, asyncio.Event()]

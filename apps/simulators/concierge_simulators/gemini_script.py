"""What the Gemini simulator is told to do: how to answer, how fast, and what to get wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What goes wrong with a request."""

    RATE_LIMITED = "rate_limited"
    """429, with `Retry-After` if the behaviour says so."""
    SERVER_ERROR = "server_error"
    """500."""
    UNAVAILABLE = "unavailable"
    """503."""
    REFUSED = "refused"
    """400: the key is wrong."""
    DROPPED = "dropped"
    """The connection is closed without a word."""
    HANG = "hang"
    """The request is taken and never answered."""
    STALL = "stall"
    """The stream begins and then stands still."""
    CUT = "cut"
    """The connection breaks in the middle of the stream."""
    ENDED_EARLY = "ended_early"
    """The stream ends well-formed, but without a finish reason."""
    GARBAGE = "garbage"
    """Bytes that are no JSON in the middle of the stream."""
    EMPTY = "empty"
    """A stream that says nothing and stops."""
    BLOCKED = "blocked"
    """The prompt is blocked by safety."""
    UNSAFE = "unsafe"
    """The reply stops for safety after its first words."""
    UNKNOWN_TOOL = "unknown_tool"
    """A call of a tool that was never offered."""
    WRONG_ARGUMENTS = "wrong_arguments"
    """A call of an offered tool with arguments it does not have."""
    TOOL_LOOP = "tool_loop"
    """Calls of the same tool for ever."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests are answered. `text` and `calls` replace the sensible answer; None keeps the server's own speed."""

    text: str | None = None
    calls: tuple[tuple[str, dict[str, Any]], ...] = field(default=())
    fault: Fault | None = None
    retry_after: float | None = None
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    pieces: tuple[str, ...] | None = None
    """The text, cut exactly like this; else into words."""
    breaks_when: asyncio.Event | None = None
    """A stream that breaks waits for this first: a client may throw away what it read in the same moment as a cut."""


class Script:
    """Behaviours to come: those for a single request first, in order, then a model's own, then the general one."""

    def __init__(self) -> None:
        self._once: deque[tuple[str | None, Behaviour]] = deque()
        self._always: dict[str | None, Behaviour] = {}

    def once(self, *behaviours: Behaviour, model: str | None = None) -> None:
        """The next requests (to this model), one behaviour each."""
        self._once.extend((model, b) for b in behaviours)

    def always(self, behaviour: Behaviour, *, model: str | None = None) -> None:
        """All requests (to this model) from now on."""
        self._always[model] = behaviour

    def reset(self) -> None:
        """Forget all: sensible answers again."""
        self._once.clear()
        self._always.clear()

    def take(self, model: str) -> Behaviour:
        """The behaviour for a request to this model."""
        for position, (wanted, behaviour) in enumerate(self._once):
            if wanted in (None, model):
                del self._once[position]
                return behaviour
        return self._always.get(model) or self._always.get(None) or Behaviour()

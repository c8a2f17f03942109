"""A chat model as the rest of the mind sees it; `llm` implements it with Gemini, tests with anything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

FaultKind = Literal["rate_limited", "server", "connection", "refused", "blocked", "garbage", "cut", "slow", "unknown"]
TRANSIENT: frozenset[FaultKind] = frozenset({"rate_limited", "server", "connection"})
"""Worth a second try at once, if nothing was said yet."""
MODELS_FAULT: frozenset[FaultKind] = frozenset(
    {"rate_limited", "server", "connection", "refused", "garbage", "cut", "slow", "unknown"}
)
"""Says something about the model's health; a blocked reply says only something about the question."""


class ModelError(Exception):
    """The model did not answer. Carries no text of the exchange."""

    def __init__(self, kind: FaultKind, *, retry_after: float | None = None, cause: str = "") -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind
        self.retry_after = retry_after
        self.cause = cause
        """Name of the library's error, for the log."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, as the model wrote it: nothing in it is checked yet."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a streamed contribution. `finish` comes with the last; token counts are of this piece alone."""

    text: str = ""
    calls: tuple[Call, ...] = field(default=())
    broken_calls: int = 0
    finish: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """How an exchange begins: instructions, then who said what ("guest" or "concierge"), oldest first."""

    system: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool offered to the model; `parameters` is JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


class ModelChat(Protocol):
    """One exchange."""

    def stream(self) -> AsyncGenerator[Piece, None]:
        """The model's next contribution. Raises `ModelError`."""
        ...

    def answer(self, call: Call, result: str) -> None:
        """Tell the model what a call brought."""
        ...


class Model(Protocol):
    """A model that lives as long as the process."""

    name: str

    def open(self, opening: Opening) -> ModelChat:
        """A new exchange."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...

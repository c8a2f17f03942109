"""The wire between the apps and the AI app: `POST /v1/replies`, answered as NDJSON, one event a line.

Order of events: `understood` once, early, and again if a better reading comes; then any number of `sentence`
(each already checked) and `tool`; `restart` withdraws all sentences so far (the rung failed, the next one begins);
exactly one `done` or `handoff` ends the stream. A stream that ends without it was cut off.

The AI app never writes conversations; it reads articles, and its tools act through `concierge_core` with the turn's
journal, so that another attempt at the same turn finds their results instead of acting twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PastMessage(_Wire):
    """One message of the conversation so far."""

    author: Literal["guest", "concierge", "staff"]
    text: str = Field(max_length=20_000)


class ReplyRequest(_Wire):
    """Everything the mind may know for this turn. `messages` are the guest's unanswered ones, oldest first; `history`
    is what came before them, oldest first. `verification` is 0..3 (`Verification`)."""

    tenant: str
    conversation_id: str
    turn_id: str
    attempt: int
    guest_id: str
    channel: Literal["web", "voice", "sms", "whatsapp"]
    language: str | None = None
    verification: int = 0
    room_number: str | None = None
    history: list[PastMessage] = Field(default_factory=list, max_length=100)
    messages: list[str] = Field(min_length=1, max_length=50)
    deadline_seconds: float = 30.0


class UnderstandingRequest(_Wire):
    """A guest's words to be understood alone (`POST /v1/understanding`, answered with `Understood`): a message that
    staff will answer, or an e-mail. `language` is the conversation's, if it has one."""

    tenant: str
    text: str = Field(max_length=20_000)
    language: str | None = None


class SourceOut(_Wire):
    """An article that the reply rests on."""

    article_id: str
    title: str
    updated_at: datetime | None = None


class Understood(_Wire):
    """What was understood of the guest's messages. `intent` is one of the names in docs/intents (snake_case)."""

    type: Literal["understood"] = "understood"
    intent: str
    confidence: float = Field(ge=0, le=1)
    sentiment: Literal["positive", "neutral", "negative"] = "neutral"
    language: str = "en"
    urgency: Literal["low", "normal", "high", "emergency"] = "normal"


class Sentence(_Wire):
    """One checked sentence, with the white space that follows it; the reply's text is their concatenation."""

    type: Literal["sentence"] = "sentence"
    text: str


class ToolUsed(_Wire):
    """A tool acted (its result is in the turn's journal)."""

    type: Literal["tool"] = "tool"
    name: str
    ok: bool


class Restart(_Wire):
    """All sentences so far are withdrawn; another rung begins."""

    type: Literal["restart"] = "restart"
    reason: str


class Done(_Wire):
    """The reply is complete."""

    type: Literal["done"] = "done"
    rung: Literal["gemini", "second", "embedded", "handoff", "notice"]
    model: str | None = None
    confidence: float = Field(default=0.0, ge=0, le=1)
    sources: list[SourceOut] = Field(default_factory=list)
    quick_replies: list[str] = Field(default_factory=list, max_length=4)
    input_tokens: int = 0
    output_tokens: int = 0


class Handoff(_Wire):
    """The reply so far is complete (it told the guest), and a person is to take over."""

    type: Literal["handoff"] = "handoff"
    reason: str
    department: str | None = None
    urgency: Literal["low", "normal", "high", "emergency"] = "normal"
    summary: str = ""
    rung: Literal["gemini", "second", "embedded", "handoff", "notice"] = "handoff"
    model: str | None = None
    sources: list[SourceOut] = Field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0


ReplyEvent = Annotated[Understood | Sentence | ToolUsed | Restart | Done | Handoff, Field(discriminator="type")]
_ADAPTER: TypeAdapter[ReplyEvent] = TypeAdapter(ReplyEvent)


def encode(event: ReplyEvent) -> bytes:
    """One NDJSON line."""
    return _ADAPTER.dump_json(event) + b"\n"


def decode(line: bytes | str) -> ReplyEvent:
    """The event of one line; pydantic's ValidationError on anything else."""
    return _ADAPTER.validate_json(line)

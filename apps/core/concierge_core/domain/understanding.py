"""What the concierge understood of a guest's message, and where a reply came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Sentiment(StrEnum):
    """Mood of a guest's message."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Urgency(StrEnum):
    """How fast a person should look. `EMERGENCY` is medical, fire, violence or self-harm."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"


class Rung(StrEnum):
    """Which step of the fallback ladder spoke. `NOTICE` is one of our fixed texts."""

    GEMINI = "gemini"
    SECOND = "second"
    EMBEDDED = "embedded"
    HANDOFF = "handoff"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Understanding:
    """Intent, confidence (0..1), sentiment, language (ISO 639-1) and urgency of one guest message."""

    intent: str
    confidence: float
    sentiment: Sentiment = Sentiment.NEUTRAL
    language: str = "en"
    urgency: Urgency = Urgency.NORMAL


@dataclass(frozen=True, slots=True)
class Source:
    """An article that a reply rests on."""

    article_id: str
    title: str
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who spoke a concierge message and on what it rests; shown to guest and staff."""

    rung: Rung
    model: str | None = None
    confidence: float | None = None
    sources: tuple[Source, ...] = field(default=())
    quick_replies: tuple[str, ...] = field(default=())
    input_tokens: int = 0
    output_tokens: int = 0

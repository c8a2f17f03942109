"""`spec.ai`: the concierge's mind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from concierge_core.tenant.values import SecretRef, Section, TimeOfDay

Keyword = Annotated[str, Field(min_length=2, max_length=80)]
HandedOff = Literal["complaint", "billing", "cancel", "change_booking", "lost_item"]
ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$")]


class Escalation(Section):
    """When the concierge calls a person without being asked."""

    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.35
    """Understanding below this (0 to 1) is not answered: the concierge asks back, then hands off."""
    failed_turns: Annotated[int, Field(ge=1, le=10)] = 2
    """Turns in a row without an answer after which it hands off."""
    negative_messages: Annotated[int, Field(ge=1, le=10)] = 2
    """Unhappy messages in a row after which it hands off."""
    keywords: Annotated[list[Keyword], Field(max_length=200)] = Field(default_factory=list)
    """Words, in any language, that always call a person (besides the built-in emergencies)."""
    intents: Annotated[list[HandedOff], Field(max_length=5)] = Field(default=["complaint"])
    """Intents that always call a person; a wish for a person and emergencies do so anyway."""


class LateCheckOut(Section):
    """What the concierge may do about late check-out."""

    enabled: bool = False
    """Guests may ask the concierge for a late check-out; it becomes a request to the front desk."""
    latest: TimeOfDay = "14:00"
    """Latest time that may be asked for, local."""


class Tools(Section):
    """What the concierge may do besides answering. The guest's verification is checked at each call."""

    service_requests: bool = True
    """Make and follow service requests (towels, a repair, luggage …)."""
    late_check_out: LateCheckOut = Field(default_factory=LateCheckOut)
    """Ask for a late check-out."""
    table_booking: bool = False
    """Ask the restaurant for a table."""
    stay_lookup: bool = False
    """Look up the guest's own stay in the property management system (`pms`)."""


class Ai(Section):
    """Model, key, budget, character, tools and the rules for calling a person."""

    provider: Literal["gemini", "none"] = "gemini"
    """`gemini`, or `none`: only the embedded answerer. Without a key, gemini behaves as none and says so."""
    model: ModelName = "gemini-3.5-flash"
    """First model."""
    second_model: ModelName | None = None
    """Model to try when the first fails; then the embedded answerer, then a person."""
    key_secret: SecretRef | None = None
    """Where the API key lies; on one machine `GEMINI_API_KEY` does as well."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.2
    """0 is plain and repeatable, 2 is wild."""
    daily_token_budget: Annotated[int, Field(ge=1000)] | None = None
    """Tokens (in and out) per local day, after which only the embedded answerer speaks; no limit if absent."""
    request_timeout_seconds: Annotated[float, Field(ge=1, le=120)] = 20
    """How long one model call may take; 1 to 120 s."""
    persona: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """Tone and character in a few sentences, such as "warm, brief, a little dry"."""
    escalation: Escalation = Field(default_factory=Escalation)
    """When a person is called."""
    tools: Tools = Field(default_factory=Tools)
    """What the concierge may do."""

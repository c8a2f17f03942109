"""What the operator remembers of a Twilio number that it set up: `status.numbers[]`, as typed values.

It is written down before Twilio is asked to change anything, so that an operator that dies in between still knows what
to put back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from concierge_core.tenant.values import SecretRef, Section

Url = Annotated[str, Field(max_length=4000)]
Sid = Annotated[str, Field(max_length=34)]
MOST_NUMBERS = 8
"""Numbers that are remembered of one tenant: those it needs, then those that could not be given back yet."""


class Occasion(StrEnum):
    """When Twilio calls a webhook of a number."""

    CALLS = "calls"
    FALLBACK = "fallback"
    CALL_STATUS = "call_status"
    MESSAGES = "messages"


class Hook(Section):
    """What Twilio calls on one occasion; all empty: nothing."""

    url: Url = ""
    """Address that Twilio calls."""
    method: Annotated[str, Field(max_length=8)] = "POST"
    """How it is called: GET or POST."""
    application_sid: Sid = ""
    """TwiML app that answers instead of the address."""
    trunk_sid: Sid = ""
    """SIP trunk that answers instead of the address."""


class Hooks(Section):
    """A number's webhooks; what is absent is none of the operator's."""

    calls: Hook | None = None
    """A call comes in."""
    fallback: Hook | None = None
    """The address for calls did not answer."""
    call_status: Hook | None = None
    """A call went on, or ended."""
    messages: Hook | None = None
    """A text message comes in."""

    def by_occasion(self) -> dict[Occasion, Hook]:
        """Those that are there."""
        found = {occasion: getattr(self, occasion.value) for occasion in Occasion}
        return {occasion: hook for occasion, hook in found.items() if hook is not None}


class VoiceNumber(Section):
    """A Twilio number that the operator has set up, or is about to."""

    number: Annotated[str, Field(max_length=32)]
    """The number, E.164."""
    account_sid: Sid
    """The account that it belongs to."""
    secret: SecretRef
    """Where the account's auth token lies."""
    before: Hooks = Field(default_factory=Hooks)
    """What was there before the first change; put back when the number is no longer needed."""
    ours: Annotated[list[Url], Field(max_length=16)] = Field(default_factory=list)
    """Addresses that the operator has set, or is about to set."""
    settled: bool = False
    """Twilio has taken them; whatever is otherwise from then on was changed by somebody else."""

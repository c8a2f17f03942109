"""`spec.chat`, `spec.widget`, `spec.voice`, `spec.messaging`: the ways in which guests reach the property."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from concierge_core.tenant.hours import Hours
from concierge_core.tenant.values import (
    Code,
    LanguageCode,
    LocalizedMap,
    LocalizedText,
    PhoneNumber,
    SecretRef,
    Section,
    WebAddress,
    WebOrigin,
    problem,
)

Count = Annotated[int, Field(ge=1, le=1_000_000)]
QuickReply = Annotated[str, Field(min_length=1, max_length=60)]


class Handoff(Section):
    """Passing a conversation to a person."""

    accept_within_seconds: Annotated[int, Field(ge=15, le=3600)] = 120
    """How long staff have to accept before the guest is told honestly and a service request is made; 15 to 3600 s."""
    fallback_department: Code = "front-desk"
    """Department that gets the service request when nobody accepted."""
    hours: Hours | None = None
    """When people can be reached through the chat; the front desk's hours if absent."""


class ChatLimits(Section):
    """Protection against floods. A hotel's guests share one address, so what is counted per address is high."""

    messages_per_minute_per_session: Count = 20
    """Messages that one guest may send per minute."""
    messages_per_minute_per_property: Count = 3000
    """Messages that all guests together may send per minute."""
    connections_per_address: Count = 500
    """Open connections from one IP address."""
    messages_per_minute_per_address: Count = 2000
    """Messages per minute from one IP address."""


class Chat(Section):
    """The guest chat."""

    greeting: LocalizedMap = Field(default_factory=dict)
    """First words per language, ISO 639-1 code to text; a built-in greeting if absent."""
    quick_replies: dict[LanguageCode, Annotated[list[QuickReply], Field(max_length=8)]] = Field(default_factory=dict)
    """Questions offered as buttons at the start, per language; at most 8 of 60 characters."""
    handoff: Handoff = Field(default_factory=Handoff)
    """How conversations are passed to a person."""
    limits: ChatLimits = Field(default_factory=ChatLimits)
    """Rate limits."""


class Widget(Section):
    """The chat widget on the hotel's website."""

    allowed_origins: Annotated[list[WebOrigin], Field(max_length=50)] = Field(default_factory=list)
    """Websites that may embed the widget, scheme and host only; the hosted guest page is always allowed."""
    position: Literal["bottom-right", "bottom-left"] = "bottom-right"
    """Corner of the page; mirrored for right-to-left languages."""
    title: LocalizedText | None = None
    """Title of the chat window; the property's name if absent."""


class TwilioAccount(Section):
    """The property's own Twilio account and number."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-f]{32}$")]
    """Account SID: AC and 32 hexadecimal digits."""
    auth_token_secret: SecretRef
    """Where the auth token lies; it signs the webhooks."""
    number: PhoneNumber | None = None
    """The Twilio number that guests call or write to."""


class RosterEntry(Section):
    """A person (or desk) whose phone rings when a caller wants a human."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Who it is, for staff."""
    phone: PhoneNumber
    """Number to dial."""
    hours: Hours | None = None
    """When this phone may ring; always, if absent."""
    departments: Annotated[list[Code], Field(max_length=40)] = Field(default_factory=list)
    """Departments this person answers for; all, if empty."""


class Speech(Section):
    """How the telephone concierge hears and speaks."""

    tts_provider: Literal["ElevenLabs", "Google", "Amazon"] = "ElevenLabs"
    """Who turns text into speech."""
    transcription_provider: Literal["Deepgram", "Google"] = "Deepgram"
    """Who turns speech into text."""
    voices: dict[LanguageCode, Annotated[str, Field(min_length=1, max_length=100)]] = Field(default_factory=dict)
    """Voice per language, as the provider names it; the provider's default if absent."""
    locales: dict[LanguageCode, Annotated[str, Field(pattern=r"^[a-z]{2}-[A-Z]{2}$")]] = Field(default_factory=dict)
    """Regional form per language, such as {en: en-GB}; a usual one if absent."""
    hints: Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=100)] = Field(
        default_factory=list
    )
    """Names and words of the house that speech recognition should know."""


class Voice(Section):
    """Telephone calls."""

    enabled: bool = False
    """Calls are answered; needs `twilio` with its number."""
    mode: Literal["relay", "gather"] = "relay"
    """`relay`: streamed conversation (ConversationRelay); `gather`: turn by turn, the plainer fallback."""
    twilio: TwilioAccount | None = None
    """Twilio account, secret and number."""
    fallback_url: WebAddress | None = None
    """What Twilio calls when the property does not answer; on another host, such as a TwiML Bin that rings the desk."""
    greeting: LocalizedMap = Field(default_factory=dict)
    """First spoken words per language; must say that an AI speaks. A built-in greeting if absent."""
    roster: Annotated[list[RosterEntry], Field(max_length=20)] = Field(default_factory=list)
    """Phones to ring, in this order, when a caller wants a person."""
    ring_seconds: Annotated[int, Field(ge=5, le=60)] = 20
    """How long each phone of the roster rings; 5 to 60 s."""
    silence_seconds: Annotated[int, Field(ge=3, le=30)] = 8
    """Silence after which the caller is asked again; 3 to 30 s."""
    max_call_minutes: Annotated[int, Field(ge=1, le=120)] = 20
    """A call is brought to a kind end after this time; 1 to 120 min."""
    speech: Speech = Field(default_factory=Speech)
    """Recognition and voices."""

    @model_validator(mode="after")
    def _reachable(self) -> Voice:
        if self.enabled and self.twilio is None:
            raise problem(
                "is missing, but voice is enabled; add accountSid, authTokenSecret and number, or set enabled: false",
                field="twilio",
            )
        if self.enabled and self.twilio and self.twilio.number is None:
            raise problem("is missing, but voice is enabled; add the Twilio number", field="twilio.number")
        return self


class TextChannel(Section):
    """SMS or WhatsApp."""

    enabled: bool = False
    """Messages are answered; needs a Twilio account."""
    number: PhoneNumber | None = None
    """Sender's number; the account's number if absent."""


class Messaging(Section):
    """SMS and WhatsApp."""

    twilio: TwilioAccount | None = None
    """Twilio account for messages; the one of `voice` if absent."""
    sms: TextChannel = Field(default_factory=TextChannel)
    """Text messages."""
    whatsapp: TextChannel = Field(default_factory=TextChannel)
    """WhatsApp."""

"""What the guest's REST API takes and gives, with the examples that OpenAPI shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from concierge_chat.protocol import ClientId, Detail, without_control_characters

_Text = BeforeValidator(without_control_characters)


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


class NewSession(BaseModel):
    """A guest arrives. With the bearer token of an earlier visit, that visit is resumed."""

    model_config = _example(language="de")

    language: str | None = Field(default=None, max_length=35, description="Wished language, such as `de` or `de-AT`.")


class NewMessage(BaseModel):
    """A guest's message."""

    model_config = _example(client_id="c0ffee-1", text="When is breakfast served?")

    client_id: Annotated[ClientId, Field(description="Chosen by the client; the same id twice is the same message.")]
    text: Annotated[str, _Text, Field(max_length=16_000, description="1 to 4,000 characters after cleaning.")]


class GuestDetails(BaseModel):
    """What the guest tells about themselves. Left out or null: unchanged; empty: forgotten."""

    model_config = _example(name="Ada Lovelace", room_number="204", consent_follow_up=True)

    name: Detail = None
    email: Detail = None
    phone: Detail = None
    room_number: Detail = None
    consent_follow_up: bool | None = Field(
        default=None, description="We may answer by e-mail or SMS after the guest has left."
    )


class NewRating(BaseModel):
    """How the guest found it."""

    model_config = _example(score=5)

    score: Annotated[int, Field(ge=1, le=5, description="1 (poor) to 5 (excellent).")]


class Property(BaseModel):
    """What anybody may know about the property. Further fields may be added."""

    model_config = ConfigDict(extra="allow")

    name: str
    language: str = Field(description="The language this answer is in, ISO 639-1.")
    languages: list[str] = Field(description="Languages that guests are answered in; the first is the default.")
    branding: dict[str, Any]
    position: Literal["bottom-right", "bottom-left"]
    ai_disclosure: str = Field(description="Says that the guest writes with an AI. Must be shown.")
    greeting: str | None = None
    quick_replies: list[str]
    address: dict[str, Any]
    phone: str | None = None


class Guest(BaseModel):
    """The guest's details, as far as they may be shown again."""

    name: str | None = None
    room_number: str | None = None
    has_email: bool
    has_phone: bool
    consent_follow_up: bool


class Source(BaseModel):
    """An article of the property's knowledge that a reply rests on."""

    title: str
    updated_at: str | None = None


class Message(BaseModel):
    """A stored message. `text` is plain text, never HTML."""

    seq: int = Field(description="Gapless from 1 within the conversation.")
    author: Literal["guest", "concierge", "staff"]
    text: str
    at: str = Field(description="RFC 3339, UTC.")
    ai: bool = Field(description="Written by the AI concierge.")
    client_id: str | None = None
    staff_name: str | None = None
    turn: str | None = None
    rung: str | None = Field(default=None, description="gemini, second, embedded, handoff or notice.")
    sources: list[Source] = []
    quick_replies: list[str] = []
    language: str | None = None


class Conversation(BaseModel):
    """Where the conversation stands."""

    conversation: str
    last_seq: int
    ownership: Literal["concierge", "staff", "closed"]
    status: Literal["open", "waiting", "with_staff", "closed"]
    staff_name: str | None = None
    language: str
    rating: int | None = None


class Session(Conversation):
    """A session: keep the token secret, it is all that stands for the guest."""

    token: str
    guest: Guest


class ConversationPage(Conversation):
    """The conversation and the messages after `after`. `more`: ask again after the last one."""

    guest: Guest
    messages: list[Message]
    more: bool


class Posted(BaseModel):
    """The message is stored for good, as number `seq`."""

    client_id: str
    seq: int
    at: str
    duplicate: bool


class Problem(BaseModel):
    """RFC 9457. `code` is one of the error codes of docs/guest-protocol.md."""

    model_config = _example(type="about:blank", title="Too Many Requests", status=429, code="too_many",
                            detail="That was a little fast for me.", retry_after_seconds=3)  # fmt: skip

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    retry_after_seconds: int | None = None

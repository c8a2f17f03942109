"""What a guest's browser may say over the socket: one JSON text frame in, one typed command out. No I/O.

`parse` never raises: whatever can't be used becomes a `Refused`, which the caller answers by an `error` frame, and the
connection lives. The whole protocol is described in docs/guest-protocol.md.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from concierge_core.domain.wording import MAX_MESSAGE_CHARACTERS

MAX_FRAME_BYTES = 8 * 1024

# C0 and C1 without tab and newline, DEL, lone surrogates and the non-characters: nobody writes them on purpose.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CLIENT_ID = r"[A-Za-z0-9_.:-]{1,64}"
_CLIENT_ID_IN_FRAME = re.compile(rf'"client_id"\s*:\s*"({_CLIENT_ID})"')


def without_control_characters(text: Any) -> Any:
    """A text with CR LF as newline and without control characters; half an emoji becomes U+FFFD. Others as they are."""
    if not isinstance(text, str):
        return text
    return _UNWANTED.sub("", _LONE_SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")))


_Text = BeforeValidator(without_control_characters)
ClientId = Annotated[str, Field(pattern=rf"^{_CLIENT_ID}$")]
Detail = Annotated[str, _Text, Field(max_length=400)] | None


class Command(BaseModel):
    """One thing that a guest's browser asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hello(Command):
    """The first frame. `token` resumes a session; `last_seq` is the last message the client has."""

    type: Literal["hello"] = "hello"
    token: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")] | None = None
    last_seq: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$")] | None = None


class SendMessage(Command):
    """A message. The same `client_id` twice is the same message."""

    type: Literal["message.send"] = "message.send"
    client_id: ClientId
    text: Annotated[str, _Text]


class SetTyping(Command):
    """The guest has begun or stopped to write."""

    type: Literal["typing"] = "typing"
    active: bool


class UpdateGuest(Command):
    """What the guest tells about themselves: left out or null leaves a detail as it is, empty text forgets it."""

    type: Literal["guest.update"] = "guest.update"
    name: Detail = None
    email: Detail = None
    phone: Detail = None
    room_number: Detail = None
    consent_follow_up: bool | None = None


class RequestPerson(Command):
    """The guest wants a person."""

    type: Literal["person.request"] = "person.request"


class Rate(Command):
    """How the guest found it, from 1 (poor) to 5 (excellent)."""

    type: Literal["rate"] = "rate"
    score: Annotated[int, Field(ge=1, le=5)]


class MarkRead(Command):
    """The guest has seen everything up to this message."""

    type: Literal["read"] = "read"
    seq: Annotated[int, Field(ge=0, le=2**31 - 1)]  # as many as the database can count


class Ping(Command):
    """Are you there?"""

    type: Literal["ping"] = "ping"


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame that can't be used: the protocol's error code, words for a developer, and what the frame was about."""

    code: str
    message: str
    client_id: str | None = None
    about: str | None = None


_COMMANDS: dict[str, type[Command]] = {
    model.model_fields["type"].default: model
    for model in (Hello, SendMessage, SetTyping, UpdateGuest, RequestPerson, Rate, MarkRead, Ping)
}


def parse(frame: str | bytes) -> Command | Refused:
    """The frame's command, or why there is none. Never raises, whatever comes."""
    if _size(frame) > MAX_FRAME_BYTES:
        return Refused("too_large", f"a frame has at most {MAX_FRAME_BYTES} bytes", _client_id_near_an_end(frame))
    try:
        fields = json.loads(frame, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Refused("malformed", "a frame is one JSON object")
    if not isinstance(fields, dict):
        return Refused("malformed", "a frame is one JSON object")
    return _command(fields)


def _command(fields: dict[str, Any]) -> Command | Refused:
    kind = fields.get("type")
    model = _COMMANDS.get(kind) if isinstance(kind, str) else None
    client_id = _client_id(fields)
    if model is None or not isinstance(kind, str):
        return Refused("unknown_type", f"type is one of {', '.join(_COMMANDS)}", client_id)
    try:
        command = model.model_validate(fields)
    except ValidationError as error:
        return Refused("malformed", _first_problem(error), client_id, kind)
    if isinstance(command, SendMessage):
        return _with_usable_text(command)
    return command


def _with_usable_text(command: SendMessage) -> SendMessage | Refused:
    if not command.text.strip():
        return Refused("empty", "the message has no text", command.client_id, command.type)
    if len(command.text) > MAX_MESSAGE_CHARACTERS:
        words = f"a message has at most {MAX_MESSAGE_CHARACTERS} characters"
        return Refused("too_long", words, command.client_id, command.type)
    return command


def _size(frame: str | bytes) -> int:
    if isinstance(frame, bytes) or len(frame) > MAX_FRAME_BYTES:
        return len(frame)
    return len(frame) if frame.isascii() else len(frame.encode("utf-8", "surrogatepass"))


def _client_id(fields: dict[str, Any]) -> str | None:
    client_id = fields.get("client_id")
    return client_id if isinstance(client_id, str) and re.fullmatch(_CLIENT_ID, client_id) else None


def _client_id_near_an_end(frame: str | bytes) -> str | None:
    """The client id of a frame too large to be read as a whole, so that the client knows which message it was."""
    ends = frame[:200], frame[-200:]
    for end in ends:
        text = end.decode("utf-8", "replace") if isinstance(end, bytes) else end
        if found := _CLIENT_ID_IN_FRAME.search(text):
            return found[1]
    return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = without_control_characters(".".join(str(part) for part in first["loc"]))[:40] or "frame"
    if first["type"] == "extra_forbidden":
        return f"{field} is not a field of this type"
    return f"{field}: {first['msg']}"

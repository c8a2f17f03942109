"""What the server says over the socket: one function per frame, each returning the JSON text. No I/O.

The same views of messages and conversations serve the REST API.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from concierge_core.domain.conversation import Author, Conversation, Message
from concierge_core.domain.people import Guest
from concierge_core.domain.requests import ServiceRequest
from concierge_core.domain.understanding import Source


def encode(frame: dict[str, Any]) -> str:
    """Compact JSON that is always valid UTF-8; fields that are None are left out."""
    text = json.dumps({k: v for k, v in frame.items() if v is not None}, ensure_ascii=False, separators=(",", ":"))
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_view(message: Message) -> dict[str, Any]:
    """A message as the guest may see it: no ids of staff, no model names, no confidence."""
    provenance = message.provenance
    return {
        "seq": message.seq,
        "author": message.author.value,
        "text": message.text,
        "at": instant(message.created_at),
        "client_id": message.client_id if message.author is Author.GUEST else None,
        "staff_name": message.staff_name,
        "turn": message.turn_id,
        "ai": message.author is Author.CONCIERGE,
        "rung": provenance.rung.value if provenance else None,
        "sources": [_source_view(s) for s in provenance.sources] if provenance else [],
        "quick_replies": list(provenance.quick_replies) if provenance else [],
        "language": message.understanding.language if message.understanding else None,
    }


def _source_view(source: Source) -> dict[str, str]:
    view = {"title": source.title}
    if source.updated_at is not None:
        view["updated_at"] = instant(source.updated_at)
    return view


def guest_view(guest: Guest) -> dict[str, Any]:
    """What the form shows again. E-mail and phone are said to be there, not what they are: the screen may be shared."""
    return {
        "name": guest.name,
        "room_number": guest.room_number,
        "has_email": guest.email is not None,
        "has_phone": guest.phone is not None,
        "consent_follow_up": guest.consent_follow_up,
    }


def ownership_view(conversation: Conversation, staff_name: str | None) -> dict[str, Any]:
    """Who answers now."""
    return {
        "ownership": conversation.ownership.value,
        "status": conversation.status.value,
        "staff_name": staff_name,
    }


def welcome(conversation: Conversation, guest: Guest, *, token: str, staff_name: str | None) -> str:
    """The answer to `hello`; the messages the client lacks follow."""
    return encode(
        {
            "type": "welcome",
            "token": token,
            "conversation": conversation.id,
            "last_seq": conversation.last_seq,
            **ownership_view(conversation, staff_name),
            "language": conversation.language,
            "guest": {k: v for k, v in guest_view(guest).items() if v is not None},
            "rating": conversation.rating,
            "read": {"guest": conversation.guest_read_seq, "staff": conversation.staff_read_seq},
        }
    )


def ack(message: Message, *, duplicate: bool) -> str:
    """The message is stored for good."""
    return encode(
        {
            "type": "ack",
            "client_id": message.client_id,
            "seq": message.seq,
            "at": instant(message.created_at),
            "duplicate": duplicate,
        }
    )


def message(message: Message) -> str:
    """A stored message."""
    return encode({"type": "message", **message_view(message)})


def turn_started(turn: str) -> str:
    """The concierge has begun to think."""
    return encode({"type": "turn.started", "turn": turn})


def reply_delta(turn: str, attempt: int, index: int, text: str) -> str:
    """Sentence `index` of the reply as it grows."""
    return encode({"type": "reply.delta", "turn": turn, "attempt": attempt, "index": index, "text": text})


def reply_withdrawn(turn: str, attempt: int) -> str:
    """Forget what this turn has shown up to and with this attempt."""
    return encode({"type": "reply.withdrawn", "turn": turn, "attempt": attempt})


def typing(author: str, *, active: bool) -> str:
    """Somebody writes, or has stopped."""
    return encode({"type": "typing", "author": author, "active": active})


def ownership(conversation: Conversation, staff_name: str | None) -> str:
    """Who answers has changed."""
    return encode({"type": "ownership", **ownership_view(conversation, staff_name)})


def guest(guest: Guest) -> str:
    """The guest's details are noted."""
    return encode({"type": "guest", **guest_view(guest)})


def request(request: ServiceRequest) -> str:
    """A service request was made or moved on."""
    return encode({"type": "request", "number": request.number, "kind": request.kind, "state": request.state.value})


def read(seq: int, by: str) -> str:
    """`by` has seen everything up to `seq`."""
    return encode({"type": "read", "seq": seq, "by": by})


def error(
    code: str,
    message: str,
    *,
    client_id: str | None = None,
    about: str | None = None,
    retry_after_seconds: float | None = None,
) -> str:
    """What happened, for the frame of type `about`; the connection lives unless `bye` follows."""
    return encode(
        {
            "type": "error",
            "code": code,
            "message": message,
            "client_id": client_id,
            "about": about,
            "retry_after_seconds": None if retry_after_seconds is None else max(1, round(retry_after_seconds)),
        }
    )


def pong() -> str:
    """Yes."""
    return '{"type":"pong"}'


def bye(reason: str, retry_after_seconds: float) -> str:
    """The last frame: come back after this many seconds."""
    return encode({"type": "bye", "reason": reason, "retry_after_seconds": round(retry_after_seconds, 1)})

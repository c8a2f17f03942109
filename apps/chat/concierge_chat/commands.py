"""Carrying out what a guest asks for over the socket: one use case each, answered by frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from concierge_chat import frames, lookups
from concierge_chat.desk import Desk
from concierge_chat.languages import negotiated
from concierge_chat.protocol import Command, Hello, MarkRead, Rate, RequestPerson, SendMessage, SetTyping, UpdateGuest
from concierge_chat.refusing import Refusal, explain, unavailable
from concierge_core.domain.conversation import Author
from concierge_core.domain.events import TypingChanged
from concierge_core.domain.ids import ConversationId, GuestId
from concierge_core.errors import ConciergeError, NotFound
from concierge_core.use_cases import guest as guest_use_cases
from concierge_core.use_cases.guest import Session

log = structlog.get_logger()


@dataclass(slots=True)
class Caller:
    """Who speaks on this socket. `wished_language` is one that the guest has just chosen and nobody was told yet."""

    guest_id: GuestId
    conversation_id: ConversationId
    language: str
    address: str
    wished_language: str | None = None

    @classmethod
    def of(cls, met: Session, hello: Hello, address: str, languages: Sequence[str]) -> Caller:
        """The caller that this session and greeting make."""
        language = negotiated([met.conversation.language, *languages], wished=hello.language)
        wished = language if language != met.conversation.language else None
        return cls(met.guest.id, met.conversation.id, language, address, wished)


async def greet(desk: Desk, hello: Hello, address: str) -> Session:
    """Resume the guest's session, or begin one. Raises `NotFound` for a token nobody has, `TooMany`, `Unavailable`."""
    if hello.token is None:
        await desk.limits.new_session(address=address)
    elif await lookups.guest_of(desk.rt, hello.token) is None:
        raise NotFound("no such session")
    language = desk.rt.tenant.spec.property.supported(hello.language)
    return await guest_use_cases.start_session(desk.rt, language=language, token=hello.token)


async def carry_out(desk: Desk, caller: Caller, command: Command) -> tuple[str, ...]:
    """Do it; what could not be done becomes an error frame. Raises `NotFound` when the guest was erased meanwhile."""
    try:
        return await _DEEDS[type(command)](desk, caller, command)
    except NotFound:
        raise
    except ConciergeError as error:
        return (_refused(explain(error, caller.language), command),)
    except Exception:
        # The outermost loop of a socket: a fault of ours costs the guest this one command, and we hear of it.
        log.exception("guest_command_failed", command=command.__class__.__name__)
        return (_refused(unavailable(caller.language), command),)


async def farewell(desk: Desk, caller: Caller, *, was_typing: bool) -> None:
    """The guest has left: nobody is typing any more, and what was read is stored."""
    if was_typing:
        await tell_typing(desk, caller, active=False)
    await desk.read_marks.settle(caller.conversation_id)


async def tell_typing(desk: Desk, caller: Caller, *, active: bool) -> None:
    """Let staff see that the guest writes, or has stopped."""
    event = TypingChanged(caller.conversation_id, Author.GUEST.value, active)
    await desk.rt.broadcast.publish(desk.rt.tenant_id, event)


async def _send_message(desk: Desk, caller: Caller, command: SendMessage) -> tuple[str, ...]:
    await desk.limits.message(session=caller.guest_id, address=caller.address)
    posted = await guest_use_cases.post_message(
        desk.rt,
        conversation_id=caller.conversation_id,
        client_id=command.client_id,
        text=command.text,
        language=caller.wished_language,
    )
    caller.wished_language = None
    return (frames.ack(posted.message, duplicate=posted.duplicate),)


async def _set_typing(desk: Desk, caller: Caller, command: SetTyping) -> tuple[str, ...]:
    await tell_typing(desk, caller, active=command.active)
    return ()


async def _update_guest(desk: Desk, caller: Caller, command: UpdateGuest) -> tuple[str, ...]:
    await desk.limits.deed(session=caller.guest_id)
    changed = await guest_use_cases.update_guest(
        desk.rt,
        guest_id=caller.guest_id,
        conversation_id=caller.conversation_id,
        **command.model_dump(exclude={"type"}, exclude_none=True),
    )
    return (frames.guest(changed),)


async def _request_person(desk: Desk, caller: Caller, _command: RequestPerson) -> tuple[str, ...]:
    await desk.limits.deed(session=caller.guest_id)
    await guest_use_cases.request_person(desk.rt, conversation_id=caller.conversation_id)
    return ()


async def _rate(desk: Desk, caller: Caller, command: Rate) -> tuple[str, ...]:
    await desk.limits.deed(session=caller.guest_id)
    await guest_use_cases.rate(desk.rt, conversation_id=caller.conversation_id, score=command.score)
    return ()


async def _mark_read(desk: Desk, caller: Caller, command: MarkRead) -> tuple[str, ...]:
    desk.read_marks.note(caller.conversation_id, command.seq)
    return ()


_Deed = Callable[[Desk, Caller, Any], Awaitable[tuple[str, ...]]]
_DEEDS: dict[type[Command], _Deed] = {
    SendMessage: _send_message,
    SetTyping: _set_typing,
    UpdateGuest: _update_guest,
    RequestPerson: _request_person,
    Rate: _rate,
    MarkRead: _mark_read,
}


def _refused(refusal: Refusal, command: Command) -> str:
    return frames.error(
        refusal.code,
        refusal.message,
        client_id=getattr(command, "client_id", None),
        about=getattr(command, "type", None),
        retry_after_seconds=refusal.retry_after_seconds,
    )

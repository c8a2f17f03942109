"""One guest's connection as a pure state machine: what has been said, what is owed, what must be looked up.

Inputs are commands, events and what was read from the database; outputs are frames to send, in order, and at most one
thing to do. No sockets, no clock, no tasks. Its promises:

- nothing but refusals before `hello`;
- messages strictly in order of `seq`, each once, without a gap;
- sentences of a reply in order, of the newest attempt only, and none after the reply itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from concierge_chat import frames
from concierge_chat.protocol import Command, Hello, MarkRead, Ping, Refused, SetTyping
from concierge_core.domain.conversation import Author, Conversation, Message
from concierge_core.domain.events import (
    ConversationChanged,
    Event,
    MessagePosted,
    OwnershipChanged,
    ReplyDelta,
    ReplyWithdrawn,
    RequestChanged,
    TurnStarted,
    TypingChanged,
)
from concierge_core.domain.ids import RequestId, TurnId
from concierge_core.domain.people import Guest
from concierge_core.ports import Resync

_REMEMBERED_TURNS = 8


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """Look up the messages after `last_seq`."""


@dataclass(frozen=True, slots=True)
class ReadConversation:
    """Look up who owns the conversation and what was read."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Look up a service request."""

    request_id: RequestId


@dataclass(frozen=True, slots=True)
class ReadEverything:
    """Something may have been missed: look up the conversation, the messages after `last_seq`, and the turn (if any)
    whose sentences are on the guest's screen."""

    turn_id: TurnId | None


Lookup = ReadMessages | ReadConversation | ReadRequest | ReadEverything


class Step(NamedTuple):
    """Frames to send now, then one thing to do: a lookup, or a command that needs the outside."""

    frames: tuple[str, ...] = ()
    do: Lookup | Command | None = None


NOTHING = Step()


class GuestSession:
    """What one connected browser knows. Holds numbers and ids only, so that thousands fit."""

    __slots__ = (
        "_attempt",
        "_finished",
        "_guest_read",
        "_next_index",
        "_ownership",
        "_staff_read",
        "_turn",
        "greeted",
        "is_typing",
        "last_seq",
    )

    def __init__(self) -> None:
        self.greeted = False
        self.last_seq = 0
        self._ownership: tuple[str, str, str | None] = ("", "", None)
        self._guest_read = 0
        self._staff_read = 0
        self._turn: TurnId | None = None
        self._attempt = 0
        self._next_index = 0
        self._finished: deque[TurnId] = deque(maxlen=_REMEMBERED_TURNS)
        self.is_typing = False

    def command(self, command: Command | Refused) -> Step:
        """What to do about a frame from the guest."""
        if isinstance(command, Refused):
            return Step((refusal(command),))
        if isinstance(command, Hello) == self.greeted:
            words = "hello was said already" if self.greeted else "say hello first"
            return Step((frames.error("not_hello", words, about=getattr(command, "type", None)),))
        if isinstance(command, Ping):
            return Step((frames.pong(),))
        if isinstance(command, SetTyping):
            return self._typing_changed(command)
        if isinstance(command, MarkRead) and command.seq <= self._guest_read:
            return NOTHING
        return Step(do=command)

    def welcome(
        self, conversation: Conversation, guest: Guest, *, token: str, staff_name: str | None, last_seq: int
    ) -> Step:
        """The guest is known: greet, then look up what the client lacks. A client that claims messages which do not
        exist (a restored backup, another conversation) gets all of them."""
        self.greeted = True
        self.last_seq = last_seq if last_seq <= conversation.last_seq else 0
        self._ownership = _ownership(conversation, staff_name)
        self._guest_read, self._staff_read = conversation.guest_read_seq, conversation.staff_read_seq
        greeting = frames.welcome(conversation, guest, token=token, staff_name=staff_name)
        behind = self.last_seq < conversation.last_seq
        return Step((greeting,), ReadMessages() if behind else None)

    def event(self, event: Event | Resync) -> Step:
        """What to do about news. Sentences come first: they are by far the most frequent."""
        if isinstance(event, ReplyDelta):
            return self._delta(event)
        if isinstance(event, MessagePosted):
            return Step(do=ReadMessages()) if event.seq > self.last_seq else NOTHING
        if isinstance(event, TurnStarted):
            return self.turn_started(event.turn_id)
        if isinstance(event, ReplyWithdrawn):
            return self._withdrawn(event)
        if isinstance(event, TypingChanged):
            return NOTHING if event.author == Author.GUEST else _typing(event)
        if isinstance(event, OwnershipChanged | ConversationChanged):
            return Step(do=ReadConversation())
        if isinstance(event, RequestChanged):
            return Step(do=ReadRequest(event.request_id))
        if isinstance(event, Resync):
            return Step(do=ReadEverything(self._turn))
        return NOTHING

    def messages(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Frames for what was read: only what is next, so a gap ends the batch and the rest is looked up again."""
        said = []
        for message in messages:
            if message.seq <= self.last_seq:
                continue
            if message.seq != self.last_seq + 1:
                break
            self.last_seq = message.seq
            if message.turn_id is not None:
                self._finish(message.turn_id)
            said.append(frames.message(message))
        return tuple(said)

    def conversation(self, conversation: Conversation, staff_name: str | None) -> tuple[str, ...]:
        """Frames for what has changed about the conversation since the last look."""
        said = []
        if (now := _ownership(conversation, staff_name)) != self._ownership:
            self._ownership = now
            said.append(frames.ownership(conversation, staff_name))
        if conversation.staff_read_seq > self._staff_read:
            self._staff_read = conversation.staff_read_seq
            said.append(frames.read(self._staff_read, Author.STAFF.value))
        if conversation.guest_read_seq > self._guest_read:
            self._guest_read = conversation.guest_read_seq
            said.append(frames.read(self._guest_read, Author.GUEST.value))
        return tuple(said)

    def turn_started(self, turn_id: TurnId) -> Step:
        """The concierge thinks (also said to a guest who comes back meanwhile)."""
        if turn_id in self._finished:
            return NOTHING
        return Step((frames.turn_started(turn_id),))

    def turn_ended(self, turn_id: TurnId) -> tuple[str, ...]:
        """A look at the database shows that this turn is over; its withdrawal was missed."""
        if turn_id != self._turn:
            return ()
        attempt = self._attempt
        self._finish(turn_id)
        return (frames.reply_withdrawn(turn_id, attempt),)

    def _delta(self, delta: ReplyDelta) -> Step:
        if delta.turn_id in self._finished:
            return NOTHING
        if delta.turn_id != self._turn or delta.attempt > self._attempt:
            self._turn, self._attempt, self._next_index = delta.turn_id, delta.attempt, 0
        # A sentence that is missing (lost, or said before the guest came back) silences the rest of this attempt: half
        # a reply in the wrong order would mislead, and the whole one is about to be stored.
        if delta.attempt < self._attempt or delta.index != self._next_index:
            return NOTHING
        self._next_index += 1
        return Step((frames.reply_delta(delta.turn_id, delta.attempt, delta.index, delta.text),))

    def _withdrawn(self, event: ReplyWithdrawn) -> Step:
        if event.turn_id in self._finished:
            return NOTHING
        if event.turn_id == self._turn:
            if event.attempt < self._attempt:
                return NOTHING  # of a process that was thought dead; another one speaks by now
            self._next_index = 0
        return Step((frames.reply_withdrawn(event.turn_id, event.attempt),))

    def _finish(self, turn_id: TurnId) -> None:
        self._finished.append(turn_id)
        if turn_id == self._turn:
            self._turn, self._attempt, self._next_index = None, 0, 0

    def _typing_changed(self, command: SetTyping) -> Step:
        # "Still typing" is worth repeating (the staff's view lets it lapse), "still not typing" is not.
        if not command.active and not self.is_typing:
            return NOTHING
        self.is_typing = command.active
        return Step(do=command)


def refusal(refused: Refused) -> str:
    """The error frame for a frame that could not be used."""
    return frames.error(refused.code, refused.message, client_id=refused.client_id, about=refused.about)


def _ownership(conversation: Conversation, staff_name: str | None) -> tuple[str, str, str | None]:
    return conversation.ownership.value, conversation.status.value, staff_name


def _typing(event: TypingChanged) -> Step:
    return Step((frames.typing(event.author, active=event.active),))

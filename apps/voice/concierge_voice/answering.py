"""What a caller is answered: through the same use cases as the chat, decided once per step of the call.

The decision (ids and numbers) is remembered in the database before it is spoken, and the words are read from there:
whoever asks for the same step again, on whatever process, gets the same words, and nothing happens twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from concierge_core.domain.conversation import Author, Channel, Conversation, Ownership
from concierge_core.domain.events import Event
from concierge_core.domain.ids import ConversationId
from concierge_core.errors import Conflict
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.use_cases.guest import post_message, start_session
from concierge_core.use_cases.handoff import hand_off_in_unit
from concierge_core.use_cases.telling import publish
from concierge_voice.call import MAX_WAITS, Call

log = structlog.get_logger()

FIRST_WAIT_SECONDS = 5.0
"""A caller in silence for longer believes the line is dead; so then we say something."""
NEXT_WAIT_SECONDS = 8.0
"""Twilio gives a webhook 15 s in all."""

ANSWER, WAIT, NOTED, PERSON, SORRY, TIME_UP = "answer", "wait", "noted", "person", "sorry", "time_up"


@dataclass(frozen=True, slots=True)
class Decision:
    """What this step of the call is answered. With `answer`, the messages past `after` are read out; up to `until`
    (seq) everything counts as heard."""

    kind: str
    conversation_id: str
    after: int = 0
    until: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it is remembered."""
        return {
            "kind": self.kind,
            "conversation_id": self.conversation_id,
            "after": self.after,
            "until": self.until,
        }


async def answer_speech(rt: Runtime, call: Call, text: str, *, phone: str | None) -> Decision:
    """The caller said something. Raises `InvalidInput` for nothing worth the name, `Unavailable`."""
    conversation = await _conversation(rt, call, phone)
    known = await _remembered(rt, call)
    if known:
        return known
    if _time_is_up(rt, conversation):
        return await _remember(rt, call, Decision(TIME_UP, conversation.id))
    await post_message(rt, conversation_id=conversation.id, client_id=call.client_id, text=text)
    return await _decide(rt, call, conversation.id, FIRST_WAIT_SECONDS)


async def answer_wait(rt: Runtime, call: Call, *, phone: str | None) -> Decision:
    """Twilio asks again for the answer to what the caller said before."""
    conversation = await _conversation(rt, call, phone)
    return await _remembered(rt, call) or await _decide(rt, call, conversation.id, NEXT_WAIT_SECONDS)


async def call_person(rt: Runtime, call: Call, *, phone: str | None, kind: str = PERSON) -> Decision:
    """Hand the call's conversation to staff, once for this step. A closed desk has words of its own, to be read out."""
    conversation = await _conversation(rt, call, phone)
    events: list[Event] = []
    async with rt.store.write() as unit:
        locked = await unit.conversations.lock(rt.tenant_id, conversation.id) or conversation
        known = await unit.calls.answer(rt.tenant_id, call.sid, call.step)
        if known:
            return Decision(**known)
        decision = Decision(kind, locked.id)
        if locked.ownership is not Ownership.STAFF:
            decision, events = await _hand_off(rt, unit, locked, decision)
        await unit.calls.remember(rt.tenant_id, call.sid, call.step, decision.to_json(), now=rt.clock.now())
    await publish(rt, events)
    return decision


async def words(rt: Runtime, decision: Decision) -> list[str]:
    """The messages to read out, as they are stored."""
    async with rt.store.read() as unit:
        messages = await unit.conversations.messages(
            rt.tenant_id, ConversationId(decision.conversation_id), after_seq=decision.after
        )
    return [m.text for m in messages if m.seq <= decision.until and m.author is not Author.GUEST]


async def _hand_off(rt: Runtime, unit: Unit, locked: Conversation, decision: Decision) -> tuple[Decision, list[Event]]:
    after, events = await hand_off_in_unit(rt, unit, locked, reason="guest_wish", say_so=True)
    if after.ownership is Ownership.STAFF:
        # The chat's own notice ("you can keep writing") is not read out: the telephone has its own words for it.
        return replace(decision, until=after.last_seq), events
    return Decision(ANSWER, locked.id, locked.last_seq, after.last_seq), events


async def _conversation(rt: Runtime, call: Call, phone: str | None) -> Conversation:
    """The call's conversation, begun at the first word. Two webhooks at the same moment find the same one."""
    for _ in range(3):
        try:
            session = await start_session(rt, channel=Channel.VOICE, token=call.session_token, phone=phone)
            return session.conversation
        except Conflict:
            continue
    raise Conflict("the call's session is being made by another")


async def _decide(rt: Runtime, call: Call, conversation_id: ConversationId, seconds: float) -> Decision:
    waiting = await _still_open(rt, conversation_id, seconds)
    if waiting and call.wait >= MAX_WAITS:
        log.warning("call_answer_too_late", conversation=conversation_id)
        return await call_person(rt, call, phone=None, kind=SORRY)
    if waiting:
        return await _remember(rt, call, Decision(WAIT, conversation_id))
    async with rt.store.read() as unit:
        messages = await unit.conversations.messages(rt.tenant_id, conversation_id, after_seq=call.heard)
    unheard = [m.seq for m in messages if m.author is not Author.GUEST]
    if not unheard:
        return await _remember(rt, call, Decision(NOTED, conversation_id))
    return await _remember(rt, call, Decision(ANSWER, conversation_id, call.heard, unheard[-1]))


async def _still_open(rt: Runtime, conversation_id: ConversationId, seconds: float) -> bool:
    """Wait until the reply that the caller is owed is there; True when it is not, after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            async with rt.store.read() as unit:
                owed = await unit.turns.open_of(rt.tenant_id, conversation_id)
            for turn in owed:
                await rt.turns.answer(turn.id)
    except TimeoutError:
        return True
    return False


async def _remembered(rt: Runtime, call: Call) -> Decision | None:
    async with rt.store.read() as unit:
        known = await unit.calls.answer(rt.tenant_id, call.sid, call.step)
    return Decision(**known) if known else None


async def _remember(rt: Runtime, call: Call, decision: Decision) -> Decision:
    """Note the decision; when another process was faster, its decision counts."""
    async with rt.store.write() as unit:
        ours = await unit.calls.remember(rt.tenant_id, call.sid, call.step, decision.to_json(), now=rt.clock.now())
        known = None if ours else await unit.calls.answer(rt.tenant_id, call.sid, call.step)
    return Decision(**known) if known else decision


def _time_is_up(rt: Runtime, conversation: Conversation) -> bool:
    longest = timedelta(minutes=rt.tenant.spec.voice.max_call_minutes)
    return rt.clock.now() - conversation.created_at > longest

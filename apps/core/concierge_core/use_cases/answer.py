"""Answering a turn: context → AI app → checked sentences to the guest → the stored reply, or a hand-off.

Every visible step is fenced by the attempt: `mark_shown` before the first sentence, and the final transaction, which
also checks that the concierge still owns the conversation. A reply that can't be made becomes a kind notice and a
hand-off: the guest always gets one reply, or a person.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from concierge_core import metrics
from concierge_core.ai_wire import (
    Done,
    Handoff,
    PastMessage,
    ReplyRequest,
    Restart,
    Sentence,
    SourceOut,
    Understood,
)
from concierge_core.domain.conversation import Author, Conversation, Message, Ownership, with_next_seq
from concierge_core.domain.events import Event, ReplyDelta, ReplyWithdrawn, TurnStarted
from concierge_core.domain.turns import MAX_ATTEMPTS, Turn, finish, is_current
from concierge_core.domain.understanding import Provenance, Rung, Source
from concierge_core.domain.wording import MAX_MESSAGE_CHARACTERS
from concierge_core.errors import Unavailable
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.telemetry import span
from concierge_core.texts import text
from concierge_core.use_cases.handoff import hand_off_in_unit, nobody_is_there
from concierge_core.use_cases.telling import count_message, publish, store_message
from concierge_core.use_cases.understanding import reading

log = structlog.get_logger()
CONTEXT_MESSAGES = 40


@dataclass
class Draft:
    """The reply as it grows."""

    sentences: list[str] = field(default_factory=list)
    understood: Understood | None = None
    ending: Done | Handoff | None = None
    shown: bool = False

    @property
    def text(self) -> str:
        """What the guest will read."""
        return "".join(self.sentences).strip()


async def answer_turn(rt: Runtime, turn: Turn) -> bool:
    """Answer a turn that this process holds; False when it is no longer this attempt's to answer."""
    with span(
        "turn", traceparent=turn.traceparent, concierge__turn=turn.id, concierge__attempt=turn.attempt
    ) as current:
        await rt.broadcast.publish(rt.tenant_id, TurnStarted(turn.conversation_id, turn.id, turn.attempt))
        draft = await _draft(rt, turn) if turn.attempt <= MAX_ATTEMPTS else None
        if draft is None or draft.ending is None:
            draft = await _give_up(rt, turn, draft)
        stored = await _commit(rt, turn, draft)
        current.set_attribute("concierge.rung", draft.ending.rung if draft.ending and stored else "none")
        return stored


async def _draft(rt: Runtime, turn: Turn) -> Draft | None:
    """Stream the reply, showing each sentence. A draft without `ending` was cut off or is late."""
    request = await _request(rt, turn)
    if request is None:
        return None
    draft = Draft()
    try:
        async with asyncio.timeout(rt.settings.turn_deadline_seconds):
            async for event in rt.concierge.reply(request):
                if isinstance(event, Sentence):
                    await _show(rt, turn, draft, event.text)
                elif isinstance(event, Restart):
                    await _withdraw(rt, turn, draft)
                elif isinstance(event, Understood):
                    draft.understood = event
                elif isinstance(event, Done | Handoff):
                    draft.ending = event
    except (Unavailable, TimeoutError) as error:
        log.warning("reply_cut_off", turn=turn.id, error=type(error).__name__, sentences=len(draft.sentences))
    return draft


class NoLongerOurs(Exception):
    """This attempt was superseded, cancelled or taken over: stop at once, say nothing more."""


async def _show(rt: Runtime, turn: Turn, draft: Draft, sentence: str) -> None:
    if not draft.shown:
        async with rt.store.write() as unit:
            ours = await unit.turns.mark_shown(rt.tenant_id, turn.id, attempt=turn.attempt, now=rt.clock.now())
        if not ours:
            raise NoLongerOurs
        draft.shown = True
        metrics.FIRST_SENTENCE_SECONDS.observe(max(0.0, (rt.clock.now() - turn.created_at).total_seconds()))
    draft.sentences.append(sentence)
    delta = ReplyDelta(turn.conversation_id, turn.id, turn.attempt, len(draft.sentences) - 1, sentence)
    await rt.broadcast.publish(rt.tenant_id, delta)


async def _withdraw(rt: Runtime, turn: Turn, draft: Draft) -> None:
    if draft.sentences:
        draft.sentences.clear()
        await rt.broadcast.publish(rt.tenant_id, ReplyWithdrawn(turn.conversation_id, turn.id, turn.attempt))


async def _give_up(rt: Runtime, turn: Turn, draft: Draft | None) -> Draft:
    """No reply could be made: say so kindly, and hand off."""
    failed = Draft(understood=draft.understood if draft else None)
    if draft is not None:
        await _withdraw(rt, turn, draft)
    async with rt.store.read() as unit:
        conversation = await unit.conversations.get(rt.tenant_id, turn.conversation_id)
    language = conversation.language if conversation else rt.tenant.spec.property.languages[0]
    failed.sentences.append(text("concierge_failed", language))
    failed.ending = Handoff(reason="concierge_failed", rung="notice")
    return failed


async def _commit(rt: Runtime, turn: Turn, draft: Draft) -> bool:
    ending = draft.ending
    assert ending is not None
    async with rt.store.write() as unit:
        conversation = await unit.conversations.lock(rt.tenant_id, turn.conversation_id)
        current = await unit.turns.get(rt.tenant_id, turn.id)
        if not _may_commit(conversation, current, turn.attempt):
            conversation = None
        else:
            assert conversation is not None
            assert current is not None
            await unit.turns.save(rt.tenant_id, finish(current, rt.clock.now()))
            conversation = await _note_understanding(rt, unit, conversation, turn, draft.understood)
            conversation, events = await _store_reply(rt, unit, conversation, turn, draft, ending)
    if conversation is None:
        metrics.TURNS.labels("withdrawn").inc()
        await rt.broadcast.publish(rt.tenant_id, ReplyWithdrawn(turn.conversation_id, turn.id, turn.attempt))
        return False
    metrics.TURNS.labels(ending.rung).inc()
    metrics.REPLY_SECONDS.observe(max(0.0, (rt.clock.now() - turn.created_at).total_seconds()))
    count_message(Author.CONCIERGE, conversation.channel)
    await publish(rt, events)
    return True


def _may_commit(conversation: Conversation | None, turn: Turn | None, attempt: int) -> bool:
    if conversation is None or turn is None:
        return False
    return is_current(turn, attempt) and conversation.ownership is Ownership.CONCIERGE


async def _store_reply(
    rt: Runtime, unit: Unit, conversation: Conversation, turn: Turn, draft: Draft, ending: Done | Handoff
) -> tuple[Conversation, list[Event]]:
    urgent = isinstance(ending, Handoff) and ending.urgency == "emergency"
    if isinstance(ending, Handoff) and _is_our_promise(ending) and not urgent and nobody_is_there(rt):
        # "A colleague is coming" would be untrue now: that the desk is closed is the whole reply.
        return await hand_off_in_unit(
            rt, unit, conversation, reason=ending.reason, say_so=False, department=ending.department, turn_id=turn.id
        )
    conversation = with_next_seq(conversation, rt.clock.now())
    words = draft.text or text("no_answer", conversation.language)
    _, event = await store_message(
        rt, unit, conversation, author=Author.CONCIERGE, text=words, turn_id=turn.id, provenance=_provenance(ending)
    )
    if isinstance(ending, Done):
        await unit.conversations.save(rt.tenant_id, conversation)
        return conversation, [event]
    conversation, events = await hand_off_in_unit(
        rt,
        unit,
        conversation,
        reason=ending.reason,
        say_so=False,
        department=ending.department,
        urgent=urgent,
    )
    return conversation, [event, *events]


def _is_our_promise(ending: Handoff) -> bool:
    """The reply is one of our fixed sentences, not what a model said."""
    return ending.rung not in ("gemini", "second")


async def _note_understanding(
    rt: Runtime, unit: Unit, conversation: Conversation, turn: Turn, understood: Understood | None
) -> Conversation:
    if understood is None:
        return conversation
    understanding = reading(understood)
    for message in await _turn_messages(rt, unit, turn):
        await unit.conversations.understood(rt.tenant_id, conversation.id, message.seq, understanding)
    languages = rt.tenant.spec.property.languages
    return replace(
        conversation,
        sentiment=understanding.sentiment,
        category=understanding.intent,
        language=understood.language if understood.language in languages else conversation.language,
    )


async def _turn_messages(rt: Runtime, unit: Unit, turn: Turn) -> list[Message]:
    count = turn.last_seq - turn.first_seq + 1
    messages = await unit.conversations.messages(
        rt.tenant_id, turn.conversation_id, after_seq=turn.first_seq - 1, limit=count
    )
    return [m for m in messages if m.author is Author.GUEST]


async def _request(rt: Runtime, turn: Turn) -> ReplyRequest | None:
    async with rt.store.read() as unit:
        conversation = await unit.conversations.get(rt.tenant_id, turn.conversation_id)
        guest = await unit.guests.get(rt.tenant_id, conversation.guest_id) if conversation else None
        if conversation is None or guest is None:
            return None
        messages = await unit.conversations.last_messages(
            rt.tenant_id, conversation.id, limit=CONTEXT_MESSAGES + turn.last_seq - turn.first_seq
        )
    history = [m for m in messages if conversation.context_from_seq <= m.seq < turn.first_seq]
    asked = [m.text for m in messages if turn.first_seq <= m.seq <= turn.last_seq and m.author is Author.GUEST]
    return ReplyRequest(
        tenant=rt.tenant_id,
        conversation_id=conversation.id,
        turn_id=turn.id,
        attempt=turn.attempt,
        guest_id=guest.id,
        channel=conversation.channel.value,
        language=conversation.language,
        verification=int(guest.verification),
        room_number=guest.room_number,
        history=[_past(m) for m in history[-CONTEXT_MESSAGES:]],
        messages=asked[-50:],
        deadline_seconds=rt.settings.turn_deadline_seconds,
    )


def _past(message: Message) -> PastMessage:
    return PastMessage(author=message.author.value, text=message.text[:MAX_MESSAGE_CHARACTERS])


def _provenance(ending: Done | Handoff) -> Provenance:
    return Provenance(
        rung=Rung(ending.rung),
        model=ending.model,
        confidence=ending.confidence if isinstance(ending, Done) else None,
        sources=tuple(_source(s) for s in ending.sources),
        quick_replies=tuple(ending.quick_replies) if isinstance(ending, Done) else (),
        input_tokens=ending.input_tokens,
        output_tokens=ending.output_tokens,
    )


def _source(source: SourceOut) -> Source:
    updated: datetime | None = source.updated_at
    return Source(source.article_id, source.title, updated)

"""What a guest does: arrive, write, leave their details, ask for a person, rate."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from concierge_core.domain.conversation import Author, Channel, Conversation, Message, Ownership
from concierge_core.domain.events import ConversationChanged, Event, OwnershipChanged, ReplyWithdrawn
from concierge_core.domain.ids import ConversationId, GuestId, TurnId, new_id
from concierge_core.domain.people import Guest, SessionToken
from concierge_core.domain.posting import Posting, post
from concierge_core.domain.turns import Turn
from concierge_core.domain.wording import clean, mask_cards
from concierge_core.errors import InvalidInput, NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.telemetry import current_traceparent, span
from concierge_core.use_cases.finding import locked
from concierge_core.use_cases.handoff import hand_off_in_unit
from concierge_core.use_cases.telling import count_message, publish, store_message
from concierge_core.use_cases.understanding import understand_message


@dataclass(frozen=True, slots=True)
class Session:
    """A guest who is here: `token` is the bearer secret, known only to the guest's browser."""

    guest: Guest
    conversation: Conversation
    token: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A stored message. `duplicate`: the same `client_id` came before, nothing new happened."""

    message: Message
    duplicate: bool
    turn: Turn | None


async def start_session(
    rt: Runtime,
    *,
    channel: Channel = Channel.WEB,
    language: str | None = None,
    token: str | None = None,
    phone: str | None = None,
) -> Session:
    """Resume the session of a known token (or of an open thread of that channel), else begin a new one.

    An unknown token begins a new session under that very token only on channels where we made it (a call's SID);
    a web token that we don't know is replaced.
    """
    if token:
        resumed = await _resume(rt, token, channel)
        if resumed:
            return resumed
    now = rt.clock.now()
    fresh_token = token if token and channel is not Channel.WEB else secrets.token_urlsafe(32)
    guest = Guest(id=GuestId(new_id(now)), created_at=now, language=language, phone=phone)
    conversation = _new_conversation(rt, guest, channel, language)
    async with rt.store.write() as unit:
        await unit.guests.add(rt.tenant_id, guest, SessionToken(channel, fresh_token))
        await unit.conversations.add(rt.tenant_id, conversation)
    return Session(guest, conversation, fresh_token)


async def post_message(
    rt: Runtime, *, conversation_id: ConversationId, client_id: str, text: str, language: str | None = None
) -> Posted:
    """Store the guest's message and the reply it is owed, then start the reply.

    Raises `InvalidInput` (`empty`, `too_long`, `bad_client_id`), `NotFound`, `Unavailable`. When this returns, the
    message is durable.
    """
    if not 1 <= len(client_id) <= 64:
        raise InvalidInput("bad_client_id", "client_id has 1 to 64 characters")
    text = mask_cards(clean(text))
    with span("guest_message", concierge__conversation=conversation_id):
        posted, events = await _store_posted(rt, conversation_id, client_id, text, language)
        if not posted.duplicate:
            await publish(rt, events)
        if posted.turn is not None:
            rt.turns.start(posted.turn)
        elif not posted.duplicate:
            known = language or rt.tenant.spec.property.languages[0]
            rt.turns.in_background(understand_message(rt, posted.message, known))
    return posted


async def update_guest(
    rt: Runtime,
    *,
    guest_id: GuestId,
    conversation_id: ConversationId | None = None,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    room_number: str | None = None,
    consent_follow_up: bool | None = None,
) -> Guest:
    """Note what the guest tells about themselves; None leaves a detail as it is, an empty text forgets it."""
    given = {"name": name, "email": email, "phone": phone, "room_number": room_number}
    changes: dict[str, object] = {k: _detail(k, v) for k, v in given.items() if v is not None}
    if consent_follow_up is not None:
        changes["consent_follow_up"] = consent_follow_up
    async with rt.store.write() as unit:
        guest = await unit.guests.get(rt.tenant_id, guest_id)
        if guest is None:
            raise NotFound("no such guest")
        guest = replace(guest, **changes)  # type: ignore[arg-type]  # keys are Guest's own, values checked above
        await unit.guests.save(rt.tenant_id, guest)
        event = ConversationChanged(conversation_id) if conversation_id else None
        if event:
            await unit.outbox.add(rt.tenant_id, event)
    await publish(rt, [event] if event else [])
    return guest


async def request_person(rt: Runtime, *, conversation_id: ConversationId, reason: str = "guest_wish") -> Conversation:
    """The guest wants a person: hand off now, whatever the concierge is saying."""
    async with rt.store.write() as unit:
        conversation = await locked(rt, unit, conversation_id)
        if conversation.ownership is Ownership.STAFF:
            return conversation
        conversation, events = await hand_off_in_unit(rt, unit, conversation, reason=reason, say_so=True)
    await publish(rt, events)
    return conversation


async def rate(rt: Runtime, *, conversation_id: ConversationId, score: int) -> None:
    """How the guest found it, 1 (poor) to 5 (excellent)."""
    if not 1 <= score <= 5:
        raise InvalidInput("bad_score", "a rating is a whole number from 1 to 5")
    await _change(rt, conversation_id, rating=score)


async def mark_read(rt: Runtime, seen: Mapping[ConversationId, int], *, by: Author) -> None:
    """Note, for each conversation, the last message that the guest, or staff, have seen; it only ever rises."""
    async with rt.store.write() as unit:
        changed = await unit.conversations.mark_read(rt.tenant_id, seen, by=by)
    if changed:
        await publish(rt, [ConversationChanged(conversation_id) for conversation_id in seen])


async def _resume(rt: Runtime, token: str, channel: Channel) -> Session | None:
    async with rt.store.read() as unit:
        guest = await unit.guests.by_session(rt.tenant_id, SessionToken(channel, token))
        if guest is None:
            return None
        conversation = await unit.conversations.latest_of_guest(rt.tenant_id, guest.id, channel)
    if conversation is None:
        conversation = _new_conversation(rt, guest, channel, guest.language)
        async with rt.store.write() as unit:
            await unit.conversations.add(rt.tenant_id, conversation)
    return Session(guest, conversation, token)


def _new_conversation(rt: Runtime, guest: Guest, channel: Channel, language: str | None) -> Conversation:
    now = rt.clock.now()
    languages = rt.tenant.spec.property.languages
    return Conversation(
        id=ConversationId(new_id(now)),
        guest_id=guest.id,
        channel=channel,
        ownership=Ownership.CONCIERGE,
        created_at=now,
        updated_at=now,
        language=language if language in languages else languages[0],
    )


async def _store_posted(
    rt: Runtime, conversation_id: ConversationId, client_id: str, text: str, language: str | None
) -> tuple[Posted, list[Event]]:
    async with rt.store.write() as unit:
        conversation = await locked(rt, unit, conversation_id)
        known = await unit.conversations.message_by_client_id(rt.tenant_id, conversation_id, client_id)
        if known is not None:
            return Posted(known, True, None), []
        if language in rt.tenant.spec.property.languages:
            conversation = replace(conversation, language=language)
        posting = await _decide(rt, unit, conversation)
        message, event = await store_message(
            rt, unit, posting.conversation, author=Author.GUEST, text=text, client_id=client_id
        )
        await _store_posting(rt, unit, posting)
        events: list[Event] = [event]
        if posting.conversation.ownership is not conversation.ownership:  # reopened
            events.append(OwnershipChanged(conversation_id))
            await unit.outbox.add(rt.tenant_id, events[-1])
    count_message(Author.GUEST, conversation.channel)
    if posting.superseded is not None:
        events.append(ReplyWithdrawn(conversation_id, posting.superseded.id, posting.superseded.attempt))
    return Posted(message, False, posting.owed), events


async def _decide(rt: Runtime, unit: Unit, conversation: Conversation) -> Posting:
    now = rt.clock.now()
    return post(
        conversation,
        await unit.turns.open_of(rt.tenant_id, conversation.id),
        turn_id=TurnId(new_id(now)),
        holder=rt.settings.holder,
        lease=timedelta(seconds=rt.settings.turn_lease_seconds),
        now=now,
        traceparent=current_traceparent(),
    )


async def _store_posting(rt: Runtime, unit: Unit, posting: Posting) -> None:
    await unit.conversations.save(rt.tenant_id, posting.conversation)
    if posting.superseded is not None:
        await unit.turns.save(rt.tenant_id, posting.superseded)
    if posting.owed is not None:
        await unit.turns.add(rt.tenant_id, posting.owed)
        if posting.superseded is not None:
            await _carry_journal(rt, unit, posting.superseded, posting.owed)


async def _carry_journal(rt: Runtime, unit: Unit, superseded: Turn, owed: Turn) -> None:
    """What the superseded turn's tools did is done: the turn that takes its place must not do it again."""
    for call_key, result in (await unit.turns.journalled(rt.tenant_id, superseded.id)).items():
        await unit.turns.journal(rt.tenant_id, owed.id, call_key, str(result.get("tool", "")), result)


async def _change(rt: Runtime, conversation_id: ConversationId, **changes: object) -> None:
    event = ConversationChanged(conversation_id)
    async with rt.store.write() as unit:
        conversation = await locked(rt, unit, conversation_id)
        await unit.conversations.save(rt.tenant_id, replace(conversation, **changes))  # type: ignore[arg-type]
        await unit.outbox.add(rt.tenant_id, event)
    await publish(rt, [event])


_DETAIL_LIMIT = {"name": 120, "email": 254, "phone": 32, "room_number": 16}


def _detail(field: str, value: str) -> str | None:
    if not value.strip():
        return None
    value = clean(value).replace("\n", " ")
    if len(value) > _DETAIL_LIMIT[field]:
        raise InvalidInput("too_long", f"{field} has at most {_DETAIL_LIMIT[field]} characters")
    if field == "email" and not _looks_like_email(value):
        raise InvalidInput("bad_email", "this does not look like an e-mail address")
    return value


def _looks_like_email(value: str) -> bool:
    local, at, domain = value.rpartition("@")
    return bool(at and local and "." in domain and " " not in value)

"""Records of a small hotel, made on the spot."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from concierge_core.domain.conversation import Author, Channel, Conversation, Message, Ownership, with_next_seq
from concierge_core.domain.ids import (
    ArticleId,
    ConversationId,
    GuestId,
    MessageId,
    RequestId,
    StaffId,
    TenantId,
    TurnId,
    new_id,
)
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.domain.people import Guest, Role, SessionToken, Staff
from concierge_core.domain.requests import ServiceRequest
from concierge_core.domain.turns import Turn, TurnState
from concierge_core.ports import Store

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Make:
    """Records with believable defaults; `tenant` is whose they are when stored."""

    tenant = TenantId("strandhaus")
    other = TenantId("alpenhof")
    noon = NOON

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def id(self) -> str:
        """A fresh one."""
        return new_id(NOON + timedelta(milliseconds=next(self._count)))

    def guest(self, **details: Any) -> Guest:
        """A guest of whom nothing is known."""
        return Guest(GuestId(self.id()), NOON, **details)

    @staticmethod
    def web_token(secret: str) -> SessionToken:
        """Of a session on the web."""
        return SessionToken(Channel.WEB, secret)

    def conversation(self, guest: Guest, **details: Any) -> Conversation:
        """On the web, with the concierge."""
        given = {"channel": Channel.WEB, "ownership": Ownership.CONCIERGE, "created_at": NOON, "updated_at": NOON}
        return Conversation(ConversationId(self.id()), guest.id, **(given | details))

    def message(self, conversation: Conversation, seq: int, **details: Any) -> Message:
        """The guest's."""
        given = {"author": Author.GUEST, "text": f"message {seq}", "created_at": NOON}
        return Message(MessageId(self.id()), conversation.id, seq, **(given | details))

    def turn(self, conversation: Conversation, **details: Any) -> Turn:
        """Owed for the first message."""
        given = {"first_seq": 1, "last_seq": 1, "state": TurnState.OWED, "created_at": NOON}
        return Turn(TurnId(self.id()), conversation.id, **(given | details))

    def running(self, conversation: Conversation, **details: Any) -> Turn:
        """Running, its first attempt, leased to "here" for ten seconds."""
        given = {"state": TurnState.RUNNING, "attempt": 1, "holder": "here"}
        return self.turn(conversation, **(given | {"lease_until": NOON + timedelta(seconds=10)} | details))

    def article(self, slug: str, answer: str = "At seven.", **details: Any) -> Article:
        """Declared, in English."""
        text = ArticleText(f"When is {slug}?", answer, (f"{slug} times",))
        given = {"origin": Origin.DECLARED, "texts": {"en": text}, "content_hash": answer, "updated_at": NOON}
        return Article(ArticleId(self.id()), slug, **(given | details))

    def request(self, number: int, **details: Any) -> ServiceRequest:
        """Towels."""
        given = {"department": "housekeeping", "kind": "towels", "summary": "two more towels"}
        times = {"created_by": Author.CONCIERGE, "created_at": NOON, "updated_at": NOON}
        return ServiceRequest(RequestId(self.id()), number, **(given | times | details))

    def staff(self, email: str, **details: Any) -> Staff:
        """An agent."""
        given = {"name": "Mara", "role": Role.AGENT, "created_at": NOON}
        return Staff(StaffId(self.id()), email, **(given | details))


@pytest.fixture
def make() -> Make:
    """See `Make`."""
    return Make()


@pytest.fixture
async def conversation(store: Store, make: Make) -> Conversation:
    """Stored, empty, of a stored guest."""
    return await begin(store, make)


async def begin(store: Store, make: Make, tenant: TenantId | None = None, **details: Any) -> Conversation:
    """Store a guest and their conversation."""
    guest = make.guest()
    conversation = make.conversation(guest, **details)
    async with store.write() as unit:
        await unit.guests.add(tenant or make.tenant, guest)
        await unit.conversations.add(tenant or make.tenant, conversation)
    return conversation


@pytest.fixture
def begun(store: Store, make: Make) -> Any:
    """`await begun(tenant, **details)`: a stored conversation."""

    async def stored(tenant: TenantId | None = None, **details: Any) -> Conversation:
        return await begin(store, make, tenant, **details)

    return stored


@pytest.fixture
def post(make: Make) -> Any:
    """`await post(store, conversation_id, text)`: as the use case does, lock, number, store."""

    async def stored(store: Store, conversation_id: ConversationId, text: str, **details: Any) -> Message:
        async with store.write() as unit:
            conversation = await unit.conversations.lock(make.tenant, conversation_id)
            assert conversation is not None
            conversation = with_next_seq(conversation, NOON)
            message = make.message(conversation, conversation.last_seq, text=text, **details)
            await unit.conversations.add_message(make.tenant, message)
            await unit.conversations.save(make.tenant, replace(conversation, updated_at=NOON))
        return message

    return stored

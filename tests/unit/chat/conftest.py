"""People, messages and a property for the chat's unit tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from concierge_core.domain.conversation import Author, Channel, Conversation, Message, Ownership
from concierge_core.domain.ids import ConversationId, GuestId, MessageId
from concierge_core.domain.people import Guest
from concierge_core.tenant.model import ConciergeTenant

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def guest() -> Guest:
    return Guest(id=GuestId("g1"), created_at=NOON, name="Ada", room_number="204")


@pytest.fixture
def make_conversation() -> Callable[..., Conversation]:
    def make(**fields: Any) -> Conversation:
        known: dict[str, Any] = {
            "id": ConversationId("c1"),
            "guest_id": GuestId("g1"),
            "channel": Channel.WEB,
            "ownership": Ownership.CONCIERGE,
            "created_at": NOON,
            "updated_at": NOON,
        }
        return Conversation(**{**known, **fields})

    return make


@pytest.fixture
def make_message() -> Callable[..., Message]:
    def make(seq: int, author: Author = Author.GUEST, **fields: Any) -> Message:
        known: dict[str, Any] = {"text": f"message {seq}", "created_at": NOON}
        return Message(
            id=MessageId(f"m{seq}"), conversation_id=ConversationId("c1"), seq=seq, author=author, **{**known, **fields}
        )

    return make


@pytest.fixture
def make_tenant() -> Callable[..., ConciergeTenant]:
    """A tenant from its YAML fields: `make_tenant(chat={…}, property={…})` changes sections of the spec."""

    def make(**spec: Any) -> ConciergeTenant:
        house: dict[str, Any] = {
            "code": "seaside",
            "name": "Hotel Seaside",
            "address": {"street": "Strandweg 1", "city": "Binz", "country": "DE"},
            "timezone": "Europe/Berlin",
            "languages": ["en", "de", "ar"],
            "phone": "+49 30 5550 1234",
        }
        return ConciergeTenant.model_validate(
            {
                "apiVersion": "concierge.hotel/v1alpha1",
                "kind": "ConciergeTenant",
                "metadata": {"name": "seaside"},
                "spec": {**spec, "property": {**house, **spec.get("property", {})}},
            }
        )

    return make

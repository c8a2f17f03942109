"""A property that wants to be told, and occasions to tell."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from concierge_core.domain.conversation import Author, Channel, Conversation, Ownership
from concierge_core.domain.ids import ConversationId, GuestId, RequestId
from concierge_core.domain.people import Guest
from concierge_core.domain.requests import ServiceRequest
from concierge_core.notifications.occasion import Occasion
from concierge_core.tenant.model import ConciergeTenant

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
LINK = "https://seehof.example/admin/conversations/c1"


def tenant_with(notifications: dict[str, Any], languages: list[str] | None = None) -> ConciergeTenant:
    departments = [
        {"code": "front-desk", "name": "Front desk"},
        {"code": "housekeeping", "name": "Housekeeping", "email": "linen@seehof.example"},
    ]
    return ConciergeTenant.model_validate(
        {
            "apiVersion": "concierge.hotel/v1alpha1",
            "kind": "ConciergeTenant",
            "metadata": {"name": "seehof"},
            "spec": {
                "property": {
                    "code": "seehof",
                    "name": "Hotel Seehof",
                    "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
                    "timezone": "Europe/Berlin",
                    "languages": languages or ["en"],
                    "departments": departments,
                },
                "notifications": notifications,
            },
        },
        by_alias=True,
        by_name=False,
    )


NOTIFICATIONS: dict[str, Any] = {
    "smtp": {"host": "mail.seehof.example", "fromAddress": "concierge@seehof.example"},
    "handoffEmails": ["desk@seehof.example", "duty@seehof.example"],
    "webhooks": [
        {"url": "https://pager.example/a", "secret": {"name": "hook", "key": "a"}, "events": ["handoff"]},
        {
            "url": "https://pager.example/b",
            "secret": {"name": "hook", "key": "b"},
            "events": ["request_made", "emergency"],
        },
    ],
}


@pytest.fixture
def house() -> Any:
    """This module: what the tests of notifications are made of."""
    return sys.modules[__name__]


@pytest.fixture
def tenant() -> ConciergeTenant:
    return tenant_with(NOTIFICATIONS)


def occasion(event: str = "handoff", **changes: Any) -> Occasion:
    guest = Guest(id=GuestId("g1"), created_at=NOW, name="Ada\nLovelace", room_number="12")
    conversation = Conversation(
        id=ConversationId("c1"),
        guest_id=guest.id,
        channel=Channel.WEB,
        ownership=Ownership.STAFF,
        created_at=NOW,
        updated_at=NOW,
    )
    known: dict[str, Any] = {"conversation": conversation, "guest": guest, "reason": "guest_wish", **changes}
    return Occasion(event, NOW, LINK, **known)


def request(department: str) -> ServiceRequest:
    return ServiceRequest(
        id=RequestId("r1"),
        number=42,
        department=department,
        kind="towels",
        summary="two more towels please",
        created_by=Author.GUEST,
        created_at=NOW,
        updated_at=NOW,
    )

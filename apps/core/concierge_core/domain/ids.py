"""Identifiers: opaque 32-character lower-case hex strings that sort by time of creation."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NewType

TenantId = NewType("TenantId", str)  # the property's code, e.g. "strandhaus-ruegen"; [a-z0-9-], at most 40
GuestId = NewType("GuestId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
TurnId = NewType("TurnId", str)
RequestId = NewType("RequestId", str)
ArticleId = NewType("ArticleId", str)
StaffId = NewType("StaffId", str)


def new_id(now: datetime) -> str:
    """48 bits of milliseconds, then 80 random bits: time-ordered, so indexes stay compact."""
    return f"{int(now.timestamp() * 1000) & 0xFFFFFFFFFFFF:012x}{secrets.token_hex(10)}"

"""Guests and staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from concierge_core.domain.conversation import Channel
from concierge_core.domain.ids import GuestId, StaffId


class Verification(IntEnum):
    """How much we know that the guest is who they say. Checked in each tool, at each call, never by a model."""

    ANONYMOUS = 0
    IN_HOUSE = 1
    VERIFIED = 2
    STAFF_APPROVED = 3


@dataclass(frozen=True, slots=True)
class SessionToken:
    """What opens a guest's session on this channel, and on no other: a call's SID is known to more than its caller."""

    channel: Channel
    secret: str


@dataclass(frozen=True, slots=True)
class Guest:
    """A person who writes or calls. Every field but `id` may be unknown; a phone number proves nothing."""

    id: GuestId
    created_at: datetime
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    room_number: str | None = None
    guest_type: str | None = None
    language: str | None = None
    verification: Verification = Verification.ANONYMOUS
    consent_follow_up: bool = False


class Role(StrEnum):
    """What a member of staff may do; permissions per role live with the dashboard."""

    AGENT = "agent"
    MANAGER = "manager"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff with an account. `password_hash` is argon2id."""

    id: StaffId
    email: str
    name: str
    role: Role
    created_at: datetime
    password_hash: str | None = None
    active: bool = True
    language: str = "en"

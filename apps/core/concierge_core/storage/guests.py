"""Guests and their sessions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import GuestId, TenantId
from concierge_core.domain.people import Guest, SessionToken, Verification
from concierge_core.errors import Conflict
from concierge_core.keys import normalised_email, normalised_phone
from concierge_core.storage.schema import User, table
from concierge_core.storage.transaction import Transaction

_users = table(User)
_SEALED: Final = ("name", "email", "phone", "room_number")

_ADD = insert(_users).on_conflict_do_nothing(index_elements=["tenant_id", "session_id"]).returning(_users.c.id)
_GET = select(_users).where(_users.c.tenant_id == bindparam("tenant"), _users.c.id == bindparam("guest"))
_SAVE = update(_users).where(_users.c.tenant_id == bindparam("tenant"), _users.c.id == bindparam("guest"))
_BY_SESSION = select(_users).where(
    _users.c.tenant_id == bindparam("tenant"), _users.c.session_id.in_(bindparam("hashes", expanding=True))
)
_BY_PHONE = (
    select(_users)
    .where(_users.c.tenant_id == bindparam("tenant"), _users.c.phone_hash.in_(bindparam("hashes", expanding=True)))
    .order_by(_users.c.created_at.desc())
    .limit(1)
)
_BY_EMAIL = (
    select(_users)
    .where(_users.c.tenant_id == bindparam("tenant"), _users.c.email_hash.in_(bindparam("hashes", expanding=True)))
    .order_by(_users.c.created_at.desc())
    .limit(1)
)


class SqlGuests:
    """`ports.Guests`. Tokens are stored as keyed hashes; details sealed; phone and e-mail found by keyed hash."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def add(self, tenant: TenantId, guest: Guest, session: SessionToken | None = None) -> None:
        """A new guest. `Conflict` when the token belongs to somebody already."""
        token = self._in.keys.hashed(tenant, _purpose(session), session.secret) if session else None
        values = {"tenant_id": tenant, "id": guest.id, "session_id": token, "created_at": guest.created_at}
        if await self._in.first(_ADD, **values, **self._details(tenant, guest)) is None:
            raise Conflict("this session has begun already")

    async def save(self, tenant: TenantId, guest: Guest) -> None:
        """All details anew; the session stays."""
        await self._in.run(_SAVE, {"tenant": tenant, "guest": guest.id} | self._details(tenant, guest))

    async def get(self, tenant: TenantId, guest_id: GuestId) -> Guest | None:
        """By id."""
        rows = await self._in.to_change(_GET, tenant=tenant, guest=guest_id)
        return self._guest(tenant, rows[0]) if rows else None

    async def by_session(self, tenant: TenantId, session: SessionToken) -> Guest | None:
        """Whoever holds the token on its channel."""
        return await self._found(tenant, _BY_SESSION, self._in.keys.hashes(tenant, _purpose(session), session.secret))

    async def by_phone(self, tenant: TenantId, phone: str) -> Guest | None:
        """The newest guest with this number, however it is written."""
        number = normalised_phone(phone)
        if not number:
            return None
        return await self._found(tenant, _BY_PHONE, self._in.keys.hashes(tenant, "phone", number))

    async def by_email(self, tenant: TenantId, email: str) -> Guest | None:
        """The newest guest with this address, in upper or lower case."""
        hashes = self._in.keys.hashes(tenant, "email", normalised_email(email))
        return await self._found(tenant, _BY_EMAIL, hashes)

    async def _found(self, tenant: TenantId, statement: Select[Any], hashes: list[str]) -> Guest | None:
        row = await self._in.first(statement, tenant=tenant, hashes=hashes)
        return self._guest(tenant, row) if row is not None else None

    def _details(self, tenant: TenantId, guest: Guest) -> dict[str, Any]:
        keys = self._in.keys
        phone = normalised_phone(guest.phone) if guest.phone else ""
        sealed = {
            f: keys.seal(tenant, f"users.{f}", guest.id, getattr(guest, f)) if getattr(guest, f) is not None else None
            for f in _SEALED
        }
        return {
            **sealed,
            "email_hash": keys.hashed(tenant, "email", normalised_email(guest.email)) if guest.email else None,
            "phone_hash": keys.hashed(tenant, "phone", phone) if phone else None,
            "guest_type": guest.guest_type,
            "language": guest.language,
            "verification": int(guest.verification),
            "consent_follow_up": guest.consent_follow_up,
        }

    def _guest(self, tenant: TenantId, row: Row[Any]) -> Guest:
        stored = {f: getattr(row, f) for f in _SEALED}
        opened = {
            f: self._in.keys.open(tenant, f"users.{f}", row.id, text) if text is not None else None
            for f, text in stored.items()
        }
        return Guest(
            id=GuestId(row.id),
            created_at=row.created_at,
            **opened,
            guest_type=row.guest_type,
            language=row.language,
            verification=Verification(row.verification),
            consent_follow_up=row.consent_follow_up,
        )


def _purpose(session: SessionToken) -> str:
    """Bound to the channel, so that a token found on one opens nothing on another."""
    return f"session {session.channel.value}"

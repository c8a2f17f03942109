"""Accounts and sessions of staff."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from concierge_core.domain.ids import StaffId, TenantId
from concierge_core.domain.people import Role, Staff
from concierge_core.keys import normalised_email
from concierge_core.storage.schema import StaffRow, StaffSession, table
from concierge_core.storage.transaction import Transaction

_staff, _sessions = table(StaffRow), table(StaffSession)
_DATA: Final = "staff_sessions.data"
_PURPOSE: Final = "staff_session"

_ADD = insert(_staff)
_SAVE = update(_staff).where(_staff.c.tenant_id == bindparam("tenant"), _staff.c.id == bindparam("staff"))
_GET = select(_staff).where(_staff.c.tenant_id == bindparam("tenant"), _staff.c.id == bindparam("staff"))
_BY_EMAIL = select(_staff).where(_staff.c.tenant_id == bindparam("tenant"), _staff.c.email_key == bindparam("address"))
_LISTED = select(_staff).where(_staff.c.tenant_id == bindparam("tenant")).order_by(_staff.c.name, _staff.c.id)
_INSERT_SESSION = insert_or(_sessions)
_PUT_SESSION = _INSERT_SESSION.on_conflict_do_update(
    index_elements=["tenant_id", "id"],
    set_={"data": _INSERT_SESSION.excluded.data, "expires_at": _INSERT_SESSION.excluded.expires_at},
)
_TOUCH_SESSION = update(_sessions).where(
    _sessions.c.tenant_id == bindparam("tenant"), _sessions.c.id == bindparam("session")
)
_SESSION = select(_sessions).where(
    _sessions.c.tenant_id == bindparam("tenant"),
    _sessions.c.id.in_(bindparam("hashes", expanding=True)),
    _sessions.c.expires_at > bindparam("now"),
)
_DROP_SESSION = delete(_sessions).where(
    _sessions.c.tenant_id == bindparam("tenant"), _sessions.c.id.in_(bindparam("hashes", expanding=True))
)
_PURGE_SESSIONS = delete(_sessions).where(
    _sessions.c.tenant_id == bindparam("tenant"), _sessions.c.expires_at <= bindparam("now")
)


class SqlStaffAccounts:
    """`ports.StaffAccounts`. Session tokens are stored as keyed hashes, their data sealed."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def add(self, tenant: TenantId, staff: Staff) -> None:
        """A new account; `Conflict` when the address has one."""
        fixed = {"tenant_id": tenant, "id": staff.id, "created_at": staff.created_at}
        await self._in.run(_ADD, fixed | _changing(staff))

    async def save(self, tenant: TenantId, staff: Staff) -> None:
        """All that changes about it; `Conflict` as for `add`."""
        await self._in.run(_SAVE, {"tenant": tenant, "staff": staff.id} | _changing(staff))

    async def get(self, tenant: TenantId, staff_id: StaffId) -> Staff | None:
        """By id."""
        rows = await self._in.to_change(_GET, tenant=tenant, staff=staff_id)
        return _account(rows[0]) if rows else None

    async def by_email(self, tenant: TenantId, email: str) -> Staff | None:
        """By address, in upper or lower case."""
        rows = await self._in.to_change(_BY_EMAIL, tenant=tenant, address=normalised_email(email))
        return _account(rows[0]) if rows else None

    async def listed(self, tenant: TenantId) -> list[Staff]:
        """All, by name."""
        return [_account(row) for row in await self._in.rows(_LISTED, tenant=tenant)]

    async def put_session(self, tenant: TenantId, token: str, data: dict[str, Any], expires_at: datetime) -> None:
        """Begin or renew a session."""
        session = self._in.keys.hashed(tenant, _PURPOSE, token)
        values = {"tenant_id": tenant, "id": session, "data": self._sealed(tenant, session, data)}
        await self._in.run(_PUT_SESSION, values | {"expires_at": expires_at})

    async def touch_session(self, tenant: TenantId, token: str, data: dict[str, Any], expires_at: datetime) -> bool:
        """Change a session that is still there; False, and nothing written, when it was dropped."""
        # Sealed for the row it stands in, which an older key may have named.
        changed = [
            await self._in.run(
                _TOUCH_SESSION,
                {
                    "tenant": tenant,
                    "session": session,
                    "data": self._sealed(tenant, session, data),
                    "expires_at": expires_at,
                },
            )
            for session in self._hashes(tenant, token)
        ]
        return any(changed)

    async def session(self, tenant: TenantId, token: str, now: datetime) -> dict[str, Any] | None:
        """The session's data, while it lasts."""
        row = await self._in.first(_SESSION, tenant=tenant, hashes=self._hashes(tenant, token), now=now)
        if row is None:
            return None
        data: dict[str, Any] = json.loads(self._in.keys.open(tenant, _DATA, row.id, row.data))
        return data

    async def drop_session(self, tenant: TenantId, token: str) -> None:
        """Log out."""
        await self._in.run(_DROP_SESSION, {"tenant": tenant, "hashes": self._hashes(tenant, token)})

    async def purge_sessions(self, tenant: TenantId, now: datetime) -> int:
        """Forget expired sessions."""
        return await self._in.run(_PURGE_SESSIONS, {"tenant": tenant, "now": now})

    def _sealed(self, tenant: TenantId, session: str, data: dict[str, Any]) -> str:
        return self._in.keys.seal(tenant, _DATA, session, json.dumps(data, ensure_ascii=False))

    def _hashes(self, tenant: TenantId, token: str) -> list[str]:
        return self._in.keys.hashes(tenant, _PURPOSE, token)


def _changing(staff: Staff) -> dict[str, Any]:
    return {
        "email": staff.email,
        "email_key": normalised_email(staff.email),
        "name": staff.name,
        "role": staff.role.value,
        "password_hash": staff.password_hash,
        "active": staff.active,
        "language": staff.language,
    }


def _account(row: Row[Any]) -> Staff:
    return Staff(
        id=StaffId(row.id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        password_hash=row.password_hash,
        active=row.active,
        language=row.language,
    )

"""Who did what, append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from concierge_core.domain.ids import TenantId
from concierge_core.storage.schema import AuditRow, table
from concierge_core.storage.transaction import Transaction

_audit = table(AuditRow)

_ADD = insert(_audit)
_ENTRIES = (
    select(_audit)
    .where(_audit.c.tenant_id == bindparam("tenant"))
    .order_by(_audit.c.id.desc())
    .limit(bindparam("most"))
)
_PURGE = delete(_audit).where(_audit.c.tenant_id == bindparam("tenant"), _audit.c.created_at < bindparam("before"))


class SqlAudit:
    """`ports.Audit`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def add(
        self, tenant: TenantId, *, actor: str, action: str, subject: str, details: dict[str, Any], now: datetime
    ) -> None:
        """Note a deed. Details are ids and codes, never guest text."""
        values = {"actor": actor, "action": action, "subject": subject, "details": details, "created_at": now}
        await self._in.run(_ADD, {"tenant_id": tenant} | values)

    async def entries(self, tenant: TenantId, limit: int = 200) -> list[dict[str, Any]]:
        """Newest first: `{id, at, actor, action, subject, details}`."""
        return [
            {
                "id": row.id,
                "at": row.created_at,
                "actor": row.actor,
                "action": row.action,
                "subject": row.subject,
                "details": row.details,
            }
            for row in await self._in.rows(_ENTRIES, tenant=tenant, most=limit)
        ]

    async def purge(self, tenant: TenantId, before: datetime) -> int:
        """Forget entries older than the property keeps them; how many."""
        return await self._in.run(_PURGE, {"tenant": tenant, "before": before})

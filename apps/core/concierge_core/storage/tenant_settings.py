"""Settings that staff overrode."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import StaffId, TenantId
from concierge_core.storage.schema import SettingRow, table
from concierge_core.storage.transaction import Transaction

_settings = table(SettingRow)

_OVERRIDES = select(_settings).where(_settings.c.tenant_id == bindparam("tenant")).order_by(_settings.c.key)
_INSERT = insert(_settings)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["tenant_id", "key"],
    set_={name: _INSERT.excluded[name] for name in ("value", "declared_hash", "updated_by", "updated_at")},
)
_DROP = delete(_settings).where(_settings.c.tenant_id == bindparam("tenant"), _settings.c.key == bindparam("name"))


class SqlTenantSettings:
    """`ports.TenantSettings`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def overrides(self, tenant: TenantId) -> dict[str, dict[str, Any]]:
        """By key: `{value, declared_hash, by, at}`."""
        return {
            row.key: {
                "value": row.value,
                "declared_hash": row.declared_hash,
                "by": row.updated_by,
                "at": row.updated_at,
            }
            for row in await self._in.rows(_OVERRIDES, tenant=tenant)
        }

    async def put(
        self, tenant: TenantId, key: str, value: Any, *, declared_hash: str, by: StaffId, now: datetime
    ) -> None:
        """Override, or change the override."""
        values = {"value": value, "declared_hash": declared_hash, "updated_by": by, "updated_at": now}
        await self._in.run(_PUT, {"tenant_id": tenant, "key": key} | values)

    async def drop(self, tenant: TenantId, key: str) -> None:
        """The declared value holds again."""
        await self._in.run(_DROP, {"tenant": tenant, "name": key})

"""Numbers that a tenant counts without gaps. A rolled back unit gives its numbers back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import TenantId
from concierge_core.storage.schema import CounterRow, table
from concierge_core.storage.transaction import Transaction

_counters = table(CounterRow)

REQUEST_NUMBER: Final = "request_number"
OUTBOX_POSITION: Final = "outbox_position"
KNOWLEDGE_VERSION: Final = "knowledge_version"

_ADVANCE = (
    insert(_counters)
    .values(tenant_id=bindparam("tenant"), name=bindparam("counter"), value=bindparam("step"))
    .on_conflict_do_update(index_elements=["tenant_id", "name"], set_={"value": _counters.c.value + bindparam("step")})
    .returning(_counters.c.value)
)
_VALUE = select(_counters.c.value).where(
    _counters.c.tenant_id == bindparam("tenant"), _counters.c.name == bindparam("counter")
)


class SqlCounters:
    """Counters of the tenant; each begins at 0."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def advance(self, tenant: TenantId, counter: str, *, by: int = 1) -> int:
        """Its new value. The counter is locked until the unit ends, also for `by=0`."""
        rows = await self._in.rows(_ADVANCE, tenant=tenant, counter=counter, step=by)
        return int(rows[0].value)

    async def value(self, tenant: TenantId, counter: str) -> int:
        """Its value."""
        row = await self._in.first(_VALUE, tenant=tenant, counter=counter)
        return int(row.value) if row is not None else 0

"""Named leases, for the few things that must run once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import TenantId
from concierge_core.storage.schema import LeaseRow, table
from concierge_core.storage.transaction import Transaction

_leases = table(LeaseRow)

_INSERT = insert(_leases)
_ACQUIRE = _INSERT.on_conflict_do_update(
    index_elements=["tenant_id", "name"],
    set_={"holder": _INSERT.excluded.holder, "until": _INSERT.excluded.until},
    where=or_(
        _leases.c.holder == _INSERT.excluded.holder,
        _leases.c.until <= bindparam("now", type_=_leases.c.until.type),
        _leases.c.until > bindparam("horizon", type_=_leases.c.until.type),
    ),
).returning(_leases.c.holder)
_RELEASE = delete(_leases).where(
    _leases.c.tenant_id == bindparam("tenant"),
    _leases.c.name == bindparam("lease"),
    _leases.c.holder == bindparam("this_holder"),
)


class SqlLeases:
    """`ports.Leases`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def acquire(self, tenant: TenantId, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew; False while another holder's lease lasts.

        A lease that ends further ahead than twice the length asked for was made before the clock was set back: it is
        not believed.
        """
        values = {"tenant_id": tenant, "name": name, "holder": holder, "until": until}
        rows = await self._in.rows(_ACQUIRE, **values, now=now, horizon=now + 2 * (until - now))
        return bool(rows)

    async def release(self, tenant: TenantId, name: str, *, holder: str) -> None:
        """Give it up, if it is this holder's."""
        await self._in.run(_RELEASE, {"tenant": tenant, "lease": name, "this_holder": holder})

"""What each step of a phone call was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from concierge_core.domain.ids import TenantId
from concierge_core.storage.schema import CallStep, table
from concierge_core.storage.transaction import Transaction

_steps = table(CallStep)

_ANSWER = select(_steps.c.answer).where(
    _steps.c.tenant_id == bindparam("tenant"), _steps.c.call_sid == bindparam("call"), _steps.c.step == bindparam("at")
)
_REMEMBER = insert(_steps).on_conflict_do_nothing().returning(_steps.c.step)
_PURGE = delete(_steps).where(_steps.c.tenant_id == bindparam("tenant"), _steps.c.created_at < bindparam("before"))


class SqlCalls:
    """`ports.Calls`."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def answer(self, tenant: TenantId, call_sid: str, step: str) -> dict[str, Any] | None:
        """What this step was answered, if it was."""
        row = await self._in.first(_ANSWER, tenant=tenant, call=call_sid, at=step)
        return row.answer if row is not None else None

    async def remember(
        self, tenant: TenantId, call_sid: str, step: str, answer: dict[str, Any], *, now: datetime
    ) -> bool:
        """Store the answer (ids and numbers, never guest text); False when this step was answered before."""
        values = {"tenant_id": tenant, "call_sid": call_sid, "step": step, "answer": answer, "created_at": now}
        return await self._in.first(_REMEMBER, **values) is not None

    async def purge(self, tenant: TenantId, before: datetime) -> int:
        """Forget steps answered before; how many."""
        return await self._in.run(_PURGE, {"tenant": tenant, "before": before})

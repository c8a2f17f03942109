"""Events to be told and work to be done, stored in the same transaction as their cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from opentelemetry.propagate import inject
from sqlalchemy import Row, and_, bindparam, delete, func, insert, or_, select, update

from concierge_core.domain.events import Event, OutboxAdvanced, ReplyDelta, TypingChanged, to_json
from concierge_core.domain.ids import TenantId
from concierge_core.ports import OutboxEntry
from concierge_core.storage.counters import OUTBOX_POSITION, SqlCounters
from concierge_core.storage.schema import OutboxRow, table
from concierge_core.storage.transaction import Transaction

_outbox = table(OutboxRow)
_TASK: Final = "task"
_TASKS_KEPT: Final = timedelta(days=7)
_LONGEST_ARGUMENT: Final = 200

_ADD = insert(_outbox)
_UNPOSITIONED = (
    select(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _outbox.c.position.is_(None), _outbox.c.kind != _TASK)
    .order_by(_outbox.c.id)
    .limit(bindparam("most"))
)
_STILL_UNPOSITIONED = select(_outbox.c.id).where(
    _outbox.c.tenant_id == bindparam("tenant"),
    _outbox.c.id.in_(bindparam("ids", expanding=True)),
    _outbox.c.position.is_(None),
    _outbox.c.kind != _TASK,
)
_POSITION = (
    update(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _outbox.c.id == bindparam("entry"))
    .values(position=bindparam("place"))
)
_AFTER = (
    select(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _outbox.c.position > bindparam("after"))
    .order_by(_outbox.c.position)
    .limit(bindparam("most"))
)
_OPEN_TASK = and_(_outbox.c.kind == _TASK, _outbox.c.done_at.is_(None))
_UNSENT = (
    select(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _OPEN_TASK, _outbox.c.sent_at.is_(None))
    .order_by(_outbox.c.id)
    .limit(bindparam("most"))
)
_UNSENT_OR_LOST = (
    select(_outbox)
    .where(
        _outbox.c.tenant_id == bindparam("tenant"),
        _OPEN_TASK,
        or_(_outbox.c.sent_at.is_(None), _outbox.c.sent_at < bindparam("sent_before")),
    )
    .order_by(_outbox.c.id)
    .limit(bindparam("most"))
)
_SENT = (
    update(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _outbox.c.id == bindparam("entry"))
    .values(sent_at=bindparam("now"))
)
_DONE = (
    update(_outbox)
    .where(_outbox.c.tenant_id == bindparam("tenant"), _OPEN_TASK, _outbox.c.id == bindparam("entry"))
    .values(done_at=bindparam("now"))
)
_IS_OPEN = select(_outbox.c.id).where(
    _outbox.c.tenant_id == bindparam("tenant"), _OPEN_TASK, _outbox.c.id == bindparam("entry")
)
_OPEN_COUNT = select(func.count()).select_from(_outbox).where(_outbox.c.tenant_id == bindparam("tenant"), _OPEN_TASK)
_PURGE = delete(_outbox).where(
    _outbox.c.tenant_id == bindparam("tenant"),
    or_(
        and_(_outbox.c.created_at < bindparam("before"), or_(_outbox.c.kind != _TASK, _outbox.c.done_at.is_not(None))),
        _outbox.c.created_at < bindparam("long_before"),
    ),
)


@dataclass(slots=True)
class Entry:
    """One stored event or task, as `ports.OutboxEntry`."""

    id: int
    position: int | None
    kind: str
    payload: dict[str, Any]
    created_at: datetime


class SqlOutbox:
    """`ports.Outbox`. Nothing that a guest or the concierge said is ever stored here."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction
        self._counters = SqlCounters(transaction)

    async def add(self, tenant: TenantId, event: Event) -> None:
        """An event; passing ones are refused with ValueError: they carry text, or mean nothing later."""
        if isinstance(event, ReplyDelta | TypingChanged | OutboxAdvanced):
            raise ValueError(f"{event.kind} is a passing event and is never stored")
        await self._insert(tenant, event.kind, to_json(event))

    async def add_task(self, tenant: TenantId, name: str, arguments: dict[str, Any]) -> None:
        """Background work by Celery task name; ValueError for arguments that are no ids, numbers or short codes."""
        for key, value in arguments.items():
            if not isinstance(value, str | int | float | None) or len(str(value)) > _LONGEST_ARGUMENT:
                raise ValueError(f"argument {key} of {name} is not an id")
        trace: dict[str, str] = {}
        inject(trace)
        await self._insert(tenant, _TASK, {"name": name, "arguments": arguments, "trace": trace})

    async def unpositioned(self, tenant: TenantId, limit: int = 200) -> list[OutboxEntry]:
        """Events without a position, in the order they were stored."""
        return [_entry(row) for row in await self._in.rows(_UNPOSITIONED, tenant=tenant, most=limit)]

    async def give_positions(self, tenant: TenantId, entry_ids: Sequence[int]) -> list[int]:
        """Number the entries, in the order given, on from the tenant's last position; those that have one are left.

        The counter is locked first, so two relays at once number one after the other and neither leaves a gap.
        """
        if not entry_ids:
            return []
        last = await self._counters.advance(tenant, OUTBOX_POSITION, by=0)
        found = await self._in.rows(_STILL_UNPOSITIONED, tenant=tenant, ids=list(entry_ids))
        free = {row.id for row in found}
        places = {entry: last + n for n, entry in enumerate((i for i in entry_ids if i in free), start=1)}
        await self._counters.advance(tenant, OUTBOX_POSITION, by=len(places))
        await self._in.run_each(_POSITION, [{"tenant": tenant, "entry": i, "place": p} for i, p in places.items()])
        return list(places.values())

    async def after_position(self, tenant: TenantId, position: int, limit: int = 500) -> list[OutboxEntry]:
        """Events with a higher position, in order."""
        return [_entry(row) for row in await self._in.rows(_AFTER, tenant=tenant, after=position, most=limit)]

    async def last_position(self, tenant: TenantId) -> int:
        """The highest position given; 0: none yet."""
        return await self._counters.value(tenant, OUTBOX_POSITION)

    async def unsent_tasks(
        self, tenant: TenantId, limit: int = 100, *, sent_before: datetime | None = None
    ) -> list[OutboxEntry]:
        """Tasks never sent, oldest first; with `sent_before` also those sent before it and not done (lost)."""
        if sent_before is None:
            rows = await self._in.rows(_UNSENT, tenant=tenant, most=limit)
        else:
            rows = await self._in.rows(_UNSENT_OR_LOST, tenant=tenant, most=limit, sent_before=sent_before)
        return [_entry(row) for row in rows]

    async def task_sent(self, tenant: TenantId, entry_id: int, now: datetime) -> None:
        """It is with the broker, since now."""
        await self._in.run(_SENT, {"tenant": tenant, "entry": entry_id, "now": now})

    async def task_done(self, tenant: TenantId, entry_id: int, now: datetime) -> bool:
        """One conditional UPDATE; False when it was done already."""
        return await self._in.run(_DONE, {"tenant": tenant, "entry": entry_id, "now": now}) == 1

    async def open_tasks(self, tenant: TenantId) -> int:
        """How many tasks are not done."""
        row = await self._in.first(_OPEN_COUNT, tenant=tenant)
        return int(row[0]) if row is not None else 0

    async def task_open(self, tenant: TenantId, entry_id: int) -> bool:
        """The task exists and is not done."""
        return await self._in.first(_IS_OPEN, tenant=tenant, entry=entry_id) is not None

    async def purge(self, tenant: TenantId, before: datetime) -> int:
        """Events created before; tasks only when done (or created seven days before `before`)."""
        return await self._in.run(_PURGE, {"tenant": tenant, "before": before, "long_before": before - _TASKS_KEPT})

    async def _insert(self, tenant: TenantId, kind: str, payload: dict[str, Any]) -> None:
        now = self._in.clock.now()
        await self._in.run(_ADD, {"tenant_id": tenant, "kind": kind, "payload": payload, "created_at": now})


def _entry(row: Row[Any]) -> OutboxEntry:
    return Entry(row.id, row.position, row.kind, row.payload, row.created_at)

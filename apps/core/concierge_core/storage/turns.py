"""Turns and the journal of their tools."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from concierge_core.domain.ids import ConversationId, TenantId, TurnId
from concierge_core.domain.turns import Turn, TurnState
from concierge_core.errors import Conflict
from concierge_core.storage.schema import ToolCall, table
from concierge_core.storage.schema import Turn as TurnRow
from concierge_core.storage.transaction import Transaction

_turns, _journal = table(TurnRow), table(ToolCall)
_OPEN: Final = (TurnState.OWED.value, TurnState.RUNNING.value)
_RUNNING: Final = TurnState.RUNNING.value
_RESULT: Final = "tool_journal.result"

_ADD = insert(_turns)
_GET = select(_turns).where(_turns.c.tenant_id == bindparam("tenant"), _turns.c.id == bindparam("turn"))
_SAVE = update(_turns).where(_turns.c.tenant_id == bindparam("tenant"), _turns.c.id == bindparam("turn"))
_OPEN_OF = (
    select(_turns)
    .where(
        _turns.c.tenant_id == bindparam("tenant"),
        _turns.c.conversation_id == bindparam("conversation"),
        _turns.c.state.in_(_OPEN),
    )
    .order_by(_turns.c.last_seq, _turns.c.id)
)
_RENEW = (
    update(_turns)
    .where(
        _turns.c.tenant_id == bindparam("tenant"),
        _turns.c.id == bindparam("turn"),
        _turns.c.state == _RUNNING,
        _turns.c.attempt == bindparam("this_attempt"),
        _turns.c.holder == bindparam("this_holder"),
    )
    .values(lease_until=bindparam("until"))
)
_MARK_SHOWN = (
    update(_turns)
    .where(
        _turns.c.tenant_id == bindparam("tenant"),
        _turns.c.id == bindparam("turn"),
        _turns.c.state == _RUNNING,
        _turns.c.attempt == bindparam("this_attempt"),
    )
    .values(shown_at=bindparam("now"))
)
_earlier = _turns.alias()
_EARLIER_IS_OPEN = (
    select(_earlier.c.id)
    .where(
        _earlier.c.tenant_id == _turns.c.tenant_id,
        _earlier.c.conversation_id == _turns.c.conversation_id,
        _earlier.c.state.in_((TurnState.OWED.value, _RUNNING)),
        _earlier.c.last_seq < _turns.c.last_seq,
    )
    .exists()
)
_ABANDONED = (
    select(_turns)
    .where(
        _turns.c.tenant_id == bindparam("tenant"),
        or_(
            and_(
                _turns.c.state == TurnState.OWED.value,
                # Made later than can be: the clock was set back since.
                or_(_turns.c.created_at < bindparam("owed_before"), _turns.c.created_at > bindparam("horizon")),
                ~_EARLIER_IS_OPEN,  # one that waits behind a reply being spoken is nobody's to take over
            ),
            and_(
                _turns.c.state == _RUNNING,
                or_(
                    _turns.c.lease_until.is_(None),
                    _turns.c.lease_until < bindparam("now"),
                    _turns.c.lease_until > bindparam("horizon"),
                ),
            ),
        ),
    )
    .order_by(_turns.c.created_at, _turns.c.id)
    .limit(bindparam("most"))
)
_JOURNALLED = select(_journal).where(
    _journal.c.tenant_id == bindparam("tenant"), _journal.c.turn_id == bindparam("turn")
)
_NOTE = insert_or(_journal).on_conflict_do_nothing().returning(_journal.c.turn_id)


class SqlTurns:
    """`ports.Turns`. What tools returned is sealed."""

    def __init__(self, transaction: Transaction) -> None:
        self._in = transaction

    async def add(self, tenant: TenantId, turn: Turn) -> None:
        """A new one. `Conflict` when it runs and another turn of the conversation does, too."""
        fixed = {"tenant_id": tenant, "id": turn.id, "conversation_id": turn.conversation_id}
        await self._in.run(_ADD, fixed | {"created_at": turn.created_at} | _changing(turn))

    async def save(self, tenant: TenantId, turn: Turn) -> None:
        """All that changes about it; `Conflict` as for `add`."""
        await self._in.run(_SAVE, {"tenant": tenant, "turn": turn.id} | _changing(turn))

    async def get(self, tenant: TenantId, turn_id: TurnId) -> Turn | None:
        """By id; in a writing unit nobody else changes it until its end."""
        rows = await self._in.to_change(_GET, tenant=tenant, turn=turn_id)
        return _turn(rows[0]) if rows else None

    async def open_of(self, tenant: TenantId, conversation_id: ConversationId) -> list[Turn]:
        """Owed and running turns of the conversation, oldest first; locked as by `get`.

        So `mark_shown` either comes before (then this sees it) or waits and finds the turn superseded.
        """
        rows = await self._in.to_change(_OPEN_OF, tenant=tenant, conversation=conversation_id)
        return [_turn(row) for row in rows]

    async def renew(self, tenant: TenantId, turn_id: TurnId, *, attempt: int, holder: str, until: datetime) -> bool:
        """Extend the lease; False when the turn is no longer this holder's attempt."""
        place = {"tenant": tenant, "turn": turn_id, "this_attempt": attempt, "this_holder": holder, "until": until}
        return await self._in.run(_RENEW, place) == 1

    async def mark_shown(self, tenant: TenantId, turn_id: TurnId, *, attempt: int, now: datetime) -> bool:
        """One conditional UPDATE: from now on the turn can't be superseded. False: it is no longer this attempt's."""
        place = {"tenant": tenant, "turn": turn_id, "this_attempt": attempt, "now": now}
        return await self._in.run(_MARK_SHOWN, place) == 1

    async def abandoned(
        self, tenant: TenantId, *, now: datetime, owed_before: datetime, lease_horizon: datetime, limit: int = 20
    ) -> list[Turn]:
        """Turns to take over: owed since before `owed_before`, or running under no lease that can be believed.

        Whatever lies beyond `lease_horizon` was written before the clock was set back.
        """
        rows = await self._in.rows(
            _ABANDONED, tenant=tenant, now=now, owed_before=owed_before, horizon=lease_horizon, most=limit
        )
        return [_turn(row) for row in rows]

    async def journalled(self, tenant: TenantId, turn_id: TurnId) -> dict[str, dict[str, Any]]:
        """Results of the tools that this turn has used, by call key."""
        rows = await self._in.rows(_JOURNALLED, tenant=tenant, turn=turn_id)
        return {
            row.call_key: json.loads(self._in.keys.open(tenant, _RESULT, f"{turn_id}:{row.call_key}", row.result))
            for row in rows
        }

    async def journal(
        self, tenant: TenantId, turn_id: TurnId, call_key: str, name: str, result: dict[str, Any]
    ) -> None:
        """Note a tool's result in the same unit as its effect; a second note under the same key is a `Conflict`."""
        text = json.dumps(result, ensure_ascii=False)
        noted = await self._in.first(
            _NOTE,
            tenant_id=tenant,
            turn_id=turn_id,
            call_key=call_key,
            name=name,
            result=self._in.keys.seal(tenant, _RESULT, f"{turn_id}:{call_key}", text),
            created_at=self._in.clock.now(),
        )
        if noted is None:
            raise Conflict("this tool was used in this turn already")


def _changing(turn: Turn) -> dict[str, Any]:
    return {
        "first_seq": turn.first_seq,
        "last_seq": turn.last_seq,
        "state": turn.state.value,
        "attempt": turn.attempt,
        "holder": turn.holder,
        "lease_until": turn.lease_until,
        "shown_at": turn.shown_at,
        "finished_at": turn.finished_at,
        "traceparent": turn.traceparent,
    }


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        id=TurnId(row.id),
        conversation_id=ConversationId(row.conversation_id),
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        state=TurnState(row.state),
        created_at=row.created_at,
        attempt=row.attempt,
        holder=row.holder,
        lease_until=row.lease_until,
        shown_at=row.shown_at,
        finished_at=row.finished_at,
        traceparent=row.traceparent,
    )

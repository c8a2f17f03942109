"""Rotation of keys: what an older key wrote is written again with the current one.

Works in small units beside the running property, and finds what is left by the key's id in the stored text: broken
off, it goes on where it stopped. Hashes of session tokens can't be made again without the token: those sessions last
as long as the old key stays in the ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, Table, Update, and_, bindparam, or_, select, tuple_, update

from concierge_core.domain.ids import TenantId
from concierge_core.keys import Keyring, normalised_email, normalised_phone
from concierge_core.storage.schema import Message, Request, StaffSession, ToolCall, User, table
from concierge_core.storage.store import SqlStore
from concierge_core.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The sealed columns of a table; `row` joined by ":" is what their text is bound to."""

    table: Table
    columns: tuple[str, ...]
    row: tuple[str, ...] = ("id",)
    hashes: dict[str, tuple[str, str, Callable[[str], str]]] | None = None
    """Hash column → the sealed column it is made of, the hash's purpose, and how the value is written for it."""


SEALED: Final = (
    _Sealed(
        table(User),
        ("name", "email", "phone", "room_number"),
        hashes={
            "email_hash": ("email", "email", normalised_email),
            "phone_hash": ("phone", "phone", normalised_phone),
        },
    ),
    _Sealed(table(Message), ("content", "quick_replies")),
    _Sealed(table(ToolCall), ("result",), row=("turn_id", "call_key")),
    _Sealed(table(Request), ("summary", "room_number")),
    _Sealed(table(StaffSession), ("data",)),
)


async def rotate(store: SqlStore, tenant: TenantId, *, batch: int = 500) -> int:
    """Write everything of the tenant with the current key; how many rows were changed. 0: nothing was left to do.

    Raises `KeysUnusable` when a key that wrote some of it is no longer in the ring; what was done stays done.
    """
    changed = 0
    for sealed in SEALED:
        after: tuple[str, ...] | None = ("",) * len(sealed.row)
        while after is not None:
            async with store.write() as unit:
                rows = await _old_rows(unit.transaction, sealed, tenant, after, batch)
                await _write_again(unit.transaction, sealed, tenant, rows)
            changed += len(rows)
            after = tuple(getattr(rows[-1], name) for name in sealed.row) if len(rows) == batch else None
    return changed


async def _old_rows(
    transaction: Transaction, sealed: _Sealed, tenant: TenantId, after: tuple[str, ...], batch: int
) -> Sequence[Row[Any]]:
    statement = _select_old(sealed, transaction.keys, after)
    return await transaction.to_change(statement, tenant=tenant, most=batch)


async def _write_again(transaction: Transaction, sealed: _Sealed, tenant: TenantId, rows: Sequence[Row[Any]]) -> None:
    renewed = [_renewed(transaction.keys, sealed, tenant, row) for row in rows]
    await transaction.run_each(_update(sealed), renewed)


def _select_old(sealed: _Sealed, keys: Keyring, after: tuple[str, ...]) -> Select[Any]:
    t = sealed.table
    identity = [t.c[name] for name in sealed.row]
    return (
        select(*identity, *(t.c[name] for name in sealed.columns))
        .where(t.c.tenant_id == bindparam("tenant"), tuple_(*identity) > tuple_(*after))
        .where(or_(*(_is_old(t.c[name], keys) for name in sealed.columns)))
        .order_by(*identity)
        .limit(bindparam("most"))
    )


def _is_old(column: ColumnElement[Any], keys: Keyring) -> ColumnElement[bool]:
    return and_(column.is_not(None), ~column.startswith(keys.content_prefix, autoescape=True))


def _update(sealed: _Sealed) -> Update:
    t = sealed.table
    here = [t.c[name] == bindparam(f"this_{name}") for name in sealed.row]
    return update(t).where(t.c.tenant_id == bindparam("tenant"), *here)


def _renewed(keys: Keyring, sealed: _Sealed, tenant: TenantId, row: Row[Any]) -> dict[str, Any]:
    bound_to = ":".join(getattr(row, name) for name in sealed.row)
    plain: dict[str, str | None] = {}
    for name in sealed.columns:
        stored = getattr(row, name)
        plain[name] = keys.open(tenant, f"{sealed.table.name}.{name}", bound_to, stored) if stored is not None else None
    values: dict[str, Any] = {"tenant": tenant} | {f"this_{name}": getattr(row, name) for name in sealed.row}
    for name, text in plain.items():
        values[name] = keys.seal(tenant, f"{sealed.table.name}.{name}", bound_to, text) if text is not None else None
    for name, (source, purpose, normalised) in (sealed.hashes or {}).items():
        text = normalised(plain[source] or "")
        values[name] = keys.hashed(tenant, purpose, text) if text else None
    return values

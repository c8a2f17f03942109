"""Accounts: the first one, and setting a password from outside the dashboard."""

from __future__ import annotations

from dataclasses import replace

from concierge_admin import passwords
from concierge_core.domain.ids import StaffId, new_id
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import Conflict, InvalidInput, NotFound
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime

_EMAIL_CHARACTERS = 254
_NAME_CHARACTERS = 80


async def ensure_first_account(runtime: Runtime, *, password: str | None = None) -> str | None:
    """Make the property's first account (an admin, from `spec.admin.firstAccount`) and return its password, once.

    `password`: the one to give it; a random one when None, which is shown a single time and stored nowhere. None comes
    back when any account exists already, or another process made it at this very moment. Raises `InvalidInput` for a
    password that is too short or too long.
    """
    email, name = first_account(runtime)
    try:
        account, password = await _new_account(runtime, email=email, name=name, role=Role.ADMIN, password=password)
        async with runtime.store.write() as unit:
            if await unit.staff.listed(runtime.tenant_id):
                return None
            await _add_in_unit(runtime, unit, account)
    except Conflict:
        return None
    return password


async def add_account(runtime: Runtime, *, email: str, name: str, role: Role) -> str:
    """Make another account and return its password, this once.

    Raises `InvalidInput` for an address or a name that can't be one, `Conflict` when the address has an account.
    """
    email, name = normalised_email(email), name.strip()
    local, at, domain = email.partition("@")
    if not (local and at and domain) or len(email) > _EMAIL_CHARACTERS or any(c.isspace() for c in email):
        raise InvalidInput("email", f"{email!r} is not an e-mail address; write it like anna@hotel.example")
    if not 1 <= len(name) <= _NAME_CHARACTERS or not name.isprintable():
        raise InvalidInput("name", f"a name has 1 to {_NAME_CHARACTERS} characters")
    account, password = await _new_account(runtime, email=email, name=name, role=role)
    async with runtime.store.write() as unit:
        if await unit.staff.by_email(runtime.tenant_id, email) is not None:
            raise Conflict(f"{email} has an account already; concierge password gives it a new password")
        await _add_in_unit(runtime, unit, account)
    return password


async def _new_account(
    runtime: Runtime, *, email: str, name: str, role: Role, password: str | None = None
) -> tuple[Staff, str]:
    password, now = password or passwords.new_password(), runtime.clock.now()
    passwords.check_strength(password)
    password_hash = await passwords.hash_password(password)
    account = Staff(
        id=StaffId(new_id(now)), email=email, name=name, role=role, created_at=now, password_hash=password_hash
    )
    return account, password


async def _add_in_unit(runtime: Runtime, unit: Unit, account: Staff) -> None:
    await unit.staff.add(runtime.tenant_id, account)
    await unit.audit.add(
        runtime.tenant_id,
        actor="system",
        action="account.created",
        subject=account.id,
        details={"role": account.role.value},
        now=account.created_at,
    )


def first_account(runtime: Runtime) -> tuple[str, str]:
    """E-mail address (the login) and name of the first account; after the property, where the YAML names none."""
    declared = runtime.tenant.spec.admin.first_account
    if declared is not None:
        return normalised_email(declared.email), declared.name
    return f"admin@{runtime.tenant_id}.local", "Administrator"


async def set_password(runtime: Runtime, *, email: str, password: str | None = None) -> str:
    """Give an account a new password (a random one when None) and return it. All its sessions end.

    Raises `NotFound` for an unknown account and `InvalidInput` for a password that is too short or too long.
    """
    chosen = password if password is not None else passwords.new_password()
    passwords.check_strength(chosen)
    password_hash = await passwords.hash_password(chosen)
    async with runtime.store.write() as unit:
        account = await unit.staff.by_email(runtime.tenant_id, normalised_email(email))
        if account is None:
            raise NotFound("no account with this e-mail address")
        await unit.staff.save(runtime.tenant_id, replace(account, password_hash=password_hash))
        await unit.audit.add(
            runtime.tenant_id,
            actor="system",
            action="account.password_set",
            subject=account.id,
            details={},
            now=runtime.clock.now(),
        )
    return chosen


def normalised_email(email: str) -> str:
    """As accounts store it: people type capitals and spaces."""
    return email.strip().lower()

"""Accounts: the first one, and setting a password from outside the dashboard."""

from __future__ import annotations

from dataclasses import replace

from concierge_admin import passwords
from concierge_core.domain.ids import StaffId, new_id
from concierge_core.domain.people import Role, Staff
from concierge_core.errors import NotFound
from concierge_core.runtime import Runtime


async def ensure_first_account(runtime: Runtime) -> str | None:
    """Make the property's first account (an admin, from `spec.admin.firstAccount`) and return its password, once.

    None when any account exists already: this password is shown a single time and stored nowhere.
    """
    email, name = first_account(runtime)
    password = passwords.new_password()
    password_hash = await passwords.hash_password(password)
    now = runtime.clock.now()
    account = Staff(
        id=StaffId(new_id(now)),
        email=email,
        name=name,
        role=Role.ADMIN,
        created_at=now,
        password_hash=password_hash,
    )
    async with runtime.store.write() as unit:
        if await unit.staff.listed(runtime.tenant_id):
            return None
        await unit.staff.add(runtime.tenant_id, account)
        await unit.audit.add(
            runtime.tenant_id, actor="system", action="account.created", subject=account.id, details={}, now=now
        )
    return password


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

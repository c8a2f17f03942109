"""`concierge staff add EMAIL` and `concierge staff list`: the accounts of a property."""

from __future__ import annotations

import argparse
import asyncio

from concierge_cli.one_property import place_and_settings
from concierge_cli.troubles import explained
from concierge_core.domain.people import Role, Staff
from concierge_core.open_runtime import open_runtime
from concierge_core.settings import Settings


def run(arguments: argparse.Namespace) -> int:
    """Make an account and print its password, this once; or print the accounts there are."""
    _, settings = place_and_settings(arguments)
    with explained(settings):
        if arguments.deed == "list":
            for account in asyncio.run(_listed(settings)):
                print(_line(account))
            return 0
        password = asyncio.run(_add(settings, arguments))
    print(f"Account of {arguments.name} ({arguments.role}), signs in at /admin/ as {arguments.email}")
    print(f"Password, shown this once: {password}")
    return 0


def _line(account: Staff) -> str:
    return f"{account.email}  {account.role.value}  {account.name}" + ("" if account.active else "  (switched off)")


async def _add(settings: Settings, arguments: argparse.Namespace) -> str:
    from concierge_admin.accounts import add_account

    async with open_runtime(settings, answers=False) as runtime:
        return await add_account(runtime, email=arguments.email, name=arguments.name, role=Role(arguments.role))


async def _listed(settings: Settings) -> list[Staff]:
    async with open_runtime(settings, answers=False) as runtime, runtime.store.read() as unit:
        return await unit.staff.listed(runtime.tenant_id)

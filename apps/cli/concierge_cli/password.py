"""`concierge password EMAIL`: a new random password for a member of staff; their sessions end."""

from __future__ import annotations

import argparse
import asyncio

from concierge_cli.one_property import place_and_settings
from concierge_cli.troubles import explained
from concierge_core.errors import NotFound
from concierge_core.open_runtime import open_runtime
from concierge_core.settings import Settings


def run(arguments: argparse.Namespace) -> int:
    """Print the new password, this once."""
    _, settings = place_and_settings(arguments)
    with explained(settings):
        password = asyncio.run(_renew(settings, arguments.email))
    print(f"New password of {arguments.email}: {password}")
    return 0


async def _renew(settings: Settings, email: str) -> str:
    from concierge_admin.accounts import set_password

    async with open_runtime(settings, answers=False) as runtime:
        try:
            return await set_password(runtime, email=email)
        except NotFound:
            raise NotFound(
                f"no account has the address {email!r}; concierge staff list shows those there are"
            ) from None

"""`concierge rotate-keys`: a new encryption key, everything written again with it, the old key forgotten."""

from __future__ import annotations

import argparse
import asyncio

from concierge_cli.one_property import place_and_settings
from concierge_cli.troubles import explained
from concierge_core.clock import SystemClock
from concierge_core.domain.ids import TenantId
from concierge_core.errors import InvalidInput
from concierge_core.keys import Keyring
from concierge_core.settings import Settings
from concierge_core.storage import open_store, rotate


def run(arguments: argparse.Namespace) -> int:
    """Rotate while the property stands still: a running one would not know the new key."""
    place, settings = place_and_settings(arguments)
    if settings.encryption_keys is not None:
        raise InvalidInput(
            "keys",
            "The keys come from CONCIERGE_ENCRYPTION_KEYS: put a new key first there, and run this again "
            "with the old one still behind it.",
        )
    path = place.folder / "keys.json"
    with place.hold(), explained(settings):
        # Saved before anything is written with it: broken off here, both keys open everything.
        keys = Keyring.load(path).rotated()
        keys.save(path)
        changed = asyncio.run(_rewrite(settings, keys, TenantId(place.folder.name)))
    print(f"{changed} entries are now encrypted with the new key {keys.current.id}.")
    print("The old key stays in keys.json until the sessions that rest on it have ended.")
    return 0


async def _rewrite(settings: Settings, keys: Keyring, tenant: TenantId) -> int:
    store = await open_store(settings, keys=keys, clock=SystemClock())
    try:
        return await rotate(store, tenant)
    finally:
        await store.close()

"""`concierge rotate-keys`: a new encryption key, and everything written again with it.

Where CONCIERGE_ENCRYPTION_KEYS gives the keys, put the new one first there and leave the old one behind it.
"""

from __future__ import annotations

import argparse
import asyncio

from concierge_cli.one_property import place_and_settings
from concierge_cli.place import Place
from concierge_cli.troubles import explained
from concierge_core.clock import SystemClock
from concierge_core.domain.ids import TenantId
from concierge_core.keys import Keyring
from concierge_core.settings import Settings
from concierge_core.storage import open_store, rotate


def run(arguments: argparse.Namespace) -> int:
    """Rotate while the property stands still: a running one would not know the new key."""
    place, settings = place_and_settings(arguments)
    with place.hold(), explained(settings):
        keys = _next_keys(place, settings)
        changed = asyncio.run(_rewrite(settings, keys, TenantId(place.folder.name)))
    print(f"{changed} entries are now encrypted with the new key {keys.current.id}.")
    print("Keep the older keys until the sessions that rest on them have ended.")
    return 0


def _next_keys(place: Place, settings: Settings) -> Keyring:
    """The ring to write with: a given one as it stands (its first key is the new one), else ours with a fresh key."""
    if settings.encryption_keys is not None:
        return Keyring.from_settings(settings)
    path = place.folder / "keys.json"
    keys = Keyring.load(path).rotated()
    # Saved before anything is written with it: broken off here, both keys open everything.
    keys.save(path)
    return keys


async def _rewrite(settings: Settings, keys: Keyring, tenant: TenantId) -> int:
    store = await open_store(settings, keys=keys, clock=SystemClock())
    try:
        return await rotate(store, tenant)
    finally:
        await store.close()

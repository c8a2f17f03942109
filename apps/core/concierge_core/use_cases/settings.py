"""Settings that staff override: stored, told to every process, and followed by each within a second or two."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from concierge_core.domain.events import SettingsChanged
from concierge_core.domain.people import Staff
from concierge_core.errors import ConciergeError, Conflict, InvalidInput, Unavailable
from concierge_core.ports import Resync, Subscription, Unit
from concierge_core.runtime import Runtime
from concierge_core.tenant.overrides import (
    OVERRIDABLE,
    SettingView,
    declared_hash,
    effective,
    value_hash,
    value_in,
    with_override,
)
from concierge_core.use_cases.telling import publish

log = structlog.get_logger()
RETRY_SECONDS = 1.0
LONGEST_UNHEARD_SECONDS = 30.0
"""Overrides are read again at least so often, should news of a change have been lost on its way."""
_HASH = re.compile(r"[0-9a-f]{64}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


async def settings_of(rt: Runtime) -> list[SettingView]:
    """Each overridable setting as it stands in the database now."""
    async with rt.store.read() as unit:
        return effective(rt.declared, await unit.settings.overrides(rt.tenant_id)).settings


async def put_override(
    rt: Runtime,
    *,
    key: str,
    value: Any,
    staff: Staff,
    seen_override: str | None = None,
    seen_declared: str | None = None,
) -> None:
    """Override a setting, or change its override.

    `value` is JSON as in the YAML. `seen_…` are `value_hash`es of what this person saw while writing ("" for no
    override yet); None: not checked. Raises `InvalidInput` when the model refuses the value, and `Conflict` when a
    colleague changed the override meanwhile.
    """
    if value is None:
        raise InvalidInput("empty_setting", "is empty")
    tenant = rt.tenant_id
    async with rt.store.write() as unit:
        stored = await unit.settings.overrides(tenant)
        if seen_override is not None and seen_override != (value_hash(stored[key]["value"]) if key in stored else ""):
            raise Conflict("a colleague changed this setting meanwhile")
        others = effective(rt.declared, {k: v for k, v in stored.items() if k != key}).tenant
        kept = value_in(with_override(others, key, _printable(value)), key)
        known = seen_declared if _HASH.fullmatch(seen_declared or "") else None
        base = known or declared_hash(rt.declared, key)
        await unit.settings.put(tenant, key, kept, declared_hash=base, by=staff.id, now=rt.clock.now())
        event = await _note(rt, unit, staff, "setting.overridden", key)
    await _tell(rt, event)


async def drop_override(rt: Runtime, *, key: str, staff: Staff) -> None:
    """The declared value holds again. Raises `InvalidInput` when there is no override to drop."""
    async with rt.store.write() as unit:
        if key not in OVERRIDABLE or key not in await unit.settings.overrides(rt.tenant_id):
            raise InvalidInput("nothing_to_drop", "this setting has no version of yours to remove")
        await unit.settings.drop(rt.tenant_id, key)
        event = await _note(rt, unit, staff, "setting.dropped", key)
    await _tell(rt, event)


async def reload_settings(rt: Runtime) -> None:
    """Read the overrides and let them hold in this process. Raises `Unavailable`."""
    async with rt.store.read() as unit:
        stored = await unit.settings.overrides(rt.tenant_id)
    if stored == rt.overrides:
        return
    found = effective(rt.declared, stored)
    for setting in found.settings:
        if setting.invalid:
            log.warning("override_left_aside", key=setting.key)
    rt.overrides, rt.tenant = stored, found.tenant


@asynccontextmanager
async def following_settings(rt: Runtime) -> AsyncIterator[None]:
    """What staff change holds in this process, from before the block begins until it ends.

    A database that is away at the start does not keep the process from serving what is declared.
    """
    async with rt.broadcast.subscribe(rt.tenant_id) as news:
        loaded = await _reloaded(rt)
        following = asyncio.create_task(_follow(rt, news, loaded=loaded), name="settings")
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _follow(rt: Runtime, news: Subscription, *, loaded: bool) -> None:
    while True:
        if loaded:
            await _until_changed(rt, news)
        else:
            await rt.clock.sleep(RETRY_SECONDS)
        loaded = await _reloaded(rt, told=not loaded)


async def _until_changed(rt: Runtime, news: Subscription) -> None:
    # Without Redis other processes of the property tell us nothing, so the database is asked.
    longest = LONGEST_UNHEARD_SECONDS if rt.redis is not None else rt.settings.poll_interval_seconds
    try:
        async with asyncio.timeout(longest):
            async for item in news:
                if isinstance(item, SettingsChanged | Resync):
                    return
    except TimeoutError:
        pass


async def _reloaded(rt: Runtime, *, told: bool = False) -> bool:
    """False when the database is away; `told`: the log says so already (a closed house's pod has none for months)."""
    try:
        await reload_settings(rt)
    except ConciergeError as error:
        if not told:
            log.warning("settings_not_read", error=str(error))
        return False
    except Exception:
        # This loop must outlive a defect: without it the process would serve old settings for ever.
        log.exception("settings_not_read")
        return False
    return True


async def _tell(rt: Runtime, event: SettingsChanged) -> None:
    await publish(rt, [event])
    try:
        # Whoever made the change sees it on the very next page, in this process at least.
        await reload_settings(rt)
    except Unavailable:
        log.warning("settings_not_read", error="database")


async def _note(rt: Runtime, unit: Unit, staff: Staff, action: str, key: str) -> SettingsChanged:
    event = SettingsChanged()
    await unit.outbox.add(rt.tenant_id, event)
    await unit.audit.add(rt.tenant_id, actor=staff.id, action=action, subject=key, details={}, now=rt.clock.now())
    return event


def _printable(value: Any) -> Any:
    """Without control characters, which no database column and no guest wants."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value.replace("\r\n", "\n"))
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return {key: _printable(part) for key, part in value.items()} if isinstance(value, dict) else value

"""Keeps the stored articles in step with the ConfigMaps that are mounted, while the process runs.

One process of a property does it, under a lease: the kubelets of two nodes bring a change at different moments, and
the later one must not undo what the earlier one has stored.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from concierge_core.errors import ConciergeError, TenantFileError, Unavailable
from concierge_core.runtime import Runtime
from concierge_core.tenant.mounted import Marks, marks, mounted_articles
from concierge_core.use_cases.declaring import declare_articles

log = structlog.get_logger()
LOOK_SECONDS = 2.0
LEASE_SECONDS = 30.0
_LEASE = "mounted-knowledge"


class MountedKnowledge:
    """What `folder` held when it was last stored, or refused."""

    def __init__(self, rt: Runtime, folder: Path) -> None:
        self._rt = rt
        self._folder = folder
        self._known: Marks | None = None
        self._ask_again_at = float("-inf")
        self._leads = False

    async def keep(self) -> None:
        """Look for changes until cancelled; then another process may follow at once."""
        try:
            while True:
                await self.look()
                await self._rt.clock.sleep(LOOK_SECONDS)
        finally:
            await self._give_up()

    async def look(self) -> None:
        """Store what is mounted, if it changed and this is the process that does so."""
        try:
            if await self._hold():
                await self._store_changes()
        except Unavailable as error:
            log.warning("mounted_knowledge_waits", part=error.part)
        except OSError as error:  # swapped while we looked, or not there (yet): the next look will see
            log.warning("mounted_knowledge_not_read", error=type(error).__name__)
        except Exception as error:  # the loop must outlive a defect of ours
            log.error("mounted_knowledge_failed", error=type(error).__name__)

    async def _store_changes(self) -> None:
        seen = await asyncio.to_thread(marks, self._folder)
        if seen == self._known:
            return
        try:
            articles = await asyncio.to_thread(mounted_articles, self._folder, self._rt.declared)
        except TenantFileError as error:
            if seen == await asyncio.to_thread(marks, self._folder):
                log.error("knowledge_refused", reason=str(error))
                self._known = seen
            return
        changed = await declare_articles(self._rt, articles)
        log.info("knowledge_declared", articles=len(articles), changed=changed)
        self._known = seen

    async def _hold(self) -> bool:
        if self._rt.clock.monotonic() < self._ask_again_at:
            return self._leads
        now = self._rt.clock.now()
        async with self._rt.store.write() as unit:
            leads = await unit.leases.acquire(
                self._rt.tenant_id,
                _LEASE,
                holder=self._rt.settings.holder,
                now=now,
                until=now + timedelta(seconds=LEASE_SECONDS),
            )
        if not leads:
            self._known = None  # another one stores meanwhile: whoever follows stores what it sees
        self._leads = leads
        self._ask_again_at = self._rt.clock.monotonic() + LEASE_SECONDS / 3
        return leads

    async def _give_up(self) -> None:
        if not self._leads:
            return
        try:
            async with self._rt.store.write() as unit:
                await unit.leases.release(self._rt.tenant_id, _LEASE, holder=self._rt.settings.holder)
        except ConciergeError:
            pass  # it lapses by itself

"""How each tenant's backups are: read from its CronJob and its Jobs when one of them has changed, and now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from concierge_core.ports import Clock
from concierge_operator import names
from concierge_operator.backups import backup_status, health, lacking_credentials
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import PODS, child
from concierge_operator.names import Component
from concierge_operator.observe import Verdict
from concierge_operator.render.backup import BACKUP_NAME
from concierge_operator.render.context import Context
from concierge_operator.sightings import Place, Sighting
from concierge_operator.status_model import BackupStatus, SecretMark

_LOOK_AGAIN_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What is to be told."""

    verdict: Verdict
    status: BackupStatus


class BackupLooks:
    """One for the operator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, tuple[float, str, BackupReport]] = {}

    async def look(
        self,
        ctx: Context,
        seen: Mapping[Place, Sighting],
        before: BackupStatus | None,
        marks: Mapping[str, SecretMark | None],
        cluster: Cluster,
    ) -> BackupReport | None:
        """The report; None where nothing is backed up."""
        report = await self._known(ctx, seen, before, cluster)
        lacks = None if report is None or ctx.suspended else lacking_credentials(ctx, marks)
        return report if report is None or lacks is None else replace(report, verdict=lacks)

    async def _known(
        self, ctx: Context, seen: Mapping[Place, Sighting], before: BackupStatus | None, cluster: Cluster
    ) -> BackupReport | None:
        key = ctx.key
        if not ctx.spec.backup.enabled or ("CronJob", BACKUP_NAME) not in seen:
            self.forget(key)
            return None
        mark = ctx.uid + _mark(seen)
        last, now = self._last.get(key), self._clock.monotonic()
        if last is not None and last[1] == mark and now - last[0] < _LOOK_AGAIN_SECONDS:
            return last[2]
        report = await self._read(ctx, before, cluster)
        if report is not None:
            self._last[key] = (now, mark, report)
        return report

    def forget(self, key: str) -> None:
        """The tenant of this key is gone, or makes no backups any more."""
        self._last.pop(key, None)

    async def _read(self, ctx: Context, before: BackupStatus | None, cluster: Cluster) -> BackupReport | None:
        cron_job = await cluster.get(child("CronJob"), BACKUP_NAME, ctx.namespace)
        if cron_job is None:
            return None
        labels = {names.COMPONENT: Component.BACKUP.value}
        jobs, _ = await cluster.list(child("Job"), ctx.namespace, labels=labels)
        pods, _ = await cluster.list(PODS, ctx.namespace, labels=labels)
        verdict = health(cron_job, jobs, self._clock.now(), pods=pods, before=before)
        return BackupReport(verdict, backup_status(cron_job, jobs, before))


def _mark(seen: Mapping[Place, Sighting]) -> str:
    """Changes when a backup begins or ends."""
    its = [(p, live.uid, str(live.verdict)) for p, live in sorted(seen.items()) if p[1].startswith(BACKUP_NAME)]
    return names.fingerprint([list(map(str, one)) for one in its])

"""What the operator tells: status of a tenant or class, written only where it changed, and Events on transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from concierge_core.ports import Clock
from concierge_operator import meters, moments, names
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import EVENTS, Resource
from concierge_operator.refusals import AwayError, Refusal, Retry
from concierge_operator.status_model import ClassStatus, Condition, TenantStatus

Document = dict[str, Any]
_WHICH = ("name", "namespace", "uid", "resourceVersion")
_SHOWN_EVENTS = frozenset({"Ready", "Stalled", "Suspended", "BackupHealthy", "VoiceNumberConfigured", "RouteReady"})
_ON_ITS_WAY = frozenset({"NotAppliedYet", "NotThereYet", "NotObservedYet", "RollingOut", "JobRunning", "Progressing"})
"""Reasons for not being Ready that pass by themselves."""

_log = structlog.get_logger(__name__)


class Teller:
    """Writes statuses and Events."""

    def __init__(self, cluster: Cluster, clock: Clock, identity: str) -> None:
        self._cluster = cluster
        self._clock = clock
        self._identity = identity

    async def status(
        self, resource: Resource, document: Document, status: TenantStatus | ClassStatus, *, manager: str
    ) -> Document | None:
        """Write the status if it differs from the document's; the object as it is now, None if nothing was written.

        Raises `Retry` where the object is not any more as it is in the document: what was decided of it may be wrong
        by now, and what others wrote meanwhile (a rollout, the next leader) must not be taken back.
        """
        wanted = status.model_dump(by_alias=True, exclude_none=True, mode="json")
        if _without_moments(wanted) == _without_moments(_ours(document.get("status") or {}, wanted)):
            return None
        told = document["metadata"]
        metadata = {name: told[name] for name in _WHICH if name in told}
        body = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": metadata,
            "status": wanted,
        }
        try:
            live = await self._cluster.apply(resource, body, manager=manager, subresource="status")
        except Refusal as refused:
            if refused.status == 409:
                raise Retry(f"{resource.kind} {told['name']} was changed meanwhile") from None
            raise
        meters.STATUS_WRITES.inc()
        return live

    async def transitions(
        self, resource: Resource, document: Document, before: Iterable[Condition], now: Iterable[Condition]
    ) -> None:
        """An Event, and a line in the log, for each condition that turned, if people care for it."""
        for told in worth_telling(before, now):
            await self.event(resource, document, told.reason, told.message, good=told.good)

    async def event(self, resource: Resource, document: Document, reason: str, message: str, *, good: bool) -> None:
        """One Event about the object; one that can't be written is only logged."""
        metadata = document["metadata"]
        namespace = metadata.get("namespace") or "default"
        moment = moments.written_finely(self._clock.now())
        tell = _log.info if good else _log.warning
        tell(f"{resource.kind} {namespace}/{metadata['name']}", reason=reason, message=message[:1000])
        body: Document = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata["uid"],
            },
            "type": "Normal" if good else "Warning",
            "reason": reason,
            "message": message[:1000] or reason,
            "action": "Reconcile",
            "eventTime": moment,
            "reportingComponent": names.FIELD_MANAGER,
            "reportingInstance": self._identity[:128],
        }
        try:
            await self._cluster.create(EVENTS, body, manager=names.FIELD_MANAGER)
        except (AwayError, Refusal) as error:
            _log.info("an Event was not written", reason=reason, error=str(error)[:200])


def _ours(status: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of the live status this writer writes; another writer's fields are not compared."""
    return {name: part for name, part in status.items() if name in wanted or name not in _OF_OTHERS}


_OF_OTHERS = frozenset({"assignedVersion", "assignedAt"})


def _without_moments(status: Mapping[str, Any]) -> dict[str, Any]:
    """A condition's time follows from its status."""
    plain = dict(status)
    plain["conditions"] = [
        {name: part for name, part in condition.items() if name != "lastTransitionTime"}
        for condition in status.get("conditions", ())
    ]
    return plain


@dataclass(frozen=True, slots=True)
class Told:
    """What an Event says. `good`: nobody has to look."""

    reason: str
    message: str
    good: bool


def worth_telling(before: Iterable[Condition], now: Iterable[Condition]) -> list[Told]:
    """What turned and people care for. Where two conditions say the same it is told once."""
    was = {condition.type: condition for condition in before}
    turned = [one for one in now if one.type in _SHOWN_EVENTS and _turned(was.get(one.type), one)]
    found: dict[tuple[str, str], bool] = {}
    for one in turned:
        said = (one.reason, one.message)
        found[said] = found.get(said, True) and _good(was.get(one.type), one)
    return [Told(reason, message, good) for (reason, message), good in found.items()]


def _turned(old: Condition | None, new: Condition) -> bool:
    """It is another than before; of something new only that it holds is told."""
    if old is None or old.status != new.status:
        return new.status == "True" or (old is not None and new.type != "Stalled")
    return new.type == "Stalled" and new.status == "True" and old.reason != new.reason


def _good(old: Condition | None, new: Condition) -> bool:
    """It is as it should be, or on its way: something new was asked for, or is being brought out."""
    if new.type == "Stalled":
        return new.status == "False"
    asked = new.type == "Ready" and old is not None and old.observed_generation != new.observed_generation
    return new.status == "True" or new.type == "Suspended" or asked or new.reason in _ON_ITS_WAY

"""One look at a class: how far its version has come, which tenants get it now, and what to tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import ValidationError

from concierge_core.ports import Clock
from concierge_core.tenant.brand import ConciergeClass
from concierge_core.tenant.complaints import bounded, complaints, dotted, sentence
from concierge_operator import moments, names
from concierge_operator.cluster import Cluster
from concierge_operator.engine import Looked
from concierge_operator.kinds import CLASSES, TENANTS
from concierge_operator.known import Document, Paper
from concierge_operator.preparing import class_status_of
from concierge_operator.rollout import Decision, Member, Progress, Verdict, decide
from concierge_operator.status import kept
from concierge_operator.status_model import ClassStatus
from concierge_operator.telling import Teller
from concierge_operator.world import World

_ROLLOUT_MANAGER = f"{names.FIELD_MANAGER}-rollout"
_NAMED = 3
"""So many hotels are named in a sentence."""


class Rollouts:
    """Looks at classes."""

    def __init__(self, cluster: Cluster, world: World, teller: Teller, clock: Clock) -> None:
        self._cluster = cluster
        self._world = world
        self._teller = teller
        self._clock = clock

    async def brand(self, key: str) -> Looked:
        """Look at this class."""
        paper = self._world.classes.get(key)
        if paper is None:
            return Looked(gone=True)
        document = paper.document()
        before = class_status_of(document)
        try:
            brand = ConciergeClass.model_validate(document)
        except ValidationError as error:
            found = [sentence(dotted(path), words) for path, words in complaints(error, ConciergeClass)]
            told = " ".join([*bounded(found), "Its hotels keep what they have."])
            await self._tell(document, before, before, "InvalidSpec", told, stalled=True)
            return Looked()
        return await self._roll_out(document, brand, before)

    async def _roll_out(self, document: Document, brand: ConciergeClass, before: ClassStatus) -> Looked:
        papers = self._world.tenants.of_class(brand.metadata.name)
        version, now = brand.spec.version, self._clock.now()
        if version is None:
            after = before.model_copy(update={"version": None, "tenants": len(members(papers, "")), "updated": 0})
            await self._tell(document, before, after, "NoVersion", "The class names no version.", stalled=False)
            return Looked()
        hotels = members(papers, version)
        decision = decide(hotels, brand.spec.rollout, version, _progress(before), now)
        after = _status(before, decision, hotels, version)
        stopped = decision.verdict is Verdict.STOPPED
        await self._tell(
            document, before, after, decision.verdict.value, sentence_of(decision, after, hotels), stalled=stopped
        )
        for name in decision.assign:
            await self._assign(name, version, now)
        return Looked(again_seconds=_seconds_until(decision.look_again_at, now))

    async def _assign(self, key: str, version: str, now: datetime) -> None:
        paper = self._world.tenants.get(key)
        if paper is None:
            return
        namespace, name = key.split("/")
        body = {
            "apiVersion": TENANTS.api_version,
            "kind": TENANTS.kind,
            "metadata": {"name": name, "namespace": namespace, "uid": paper.uid, "resourceVersion": str(paper.version)},
            "status": {"assignedVersion": version, "assignedAt": moments.written(now)},
        }
        live = await self._cluster.apply(TENANTS, body, manager=_ROLLOUT_MANAGER, subresource="status")
        self._world.written(live)

    async def _tell(
        self, document: Document, before: ClassStatus, after: ClassStatus, reason: str, message: str, *, stalled: bool
    ) -> None:
        generation = document["metadata"]["generation"]
        done = reason in (Verdict.COMPLETE.value, "NoVersion")
        shown = {"Ready": done, "Reconciling": not done and not stalled, "Stalled": stalled}
        was = {condition.type: condition for condition in before.conditions}
        conditions = [
            kept((kind, holds, reason, message), was.get(kind), generation, self._clock.now())
            for kind, holds in shown.items()
        ]
        status = after.model_copy(update={"conditions": conditions, "observed_generation": generation})
        live = await self._teller.status(CLASSES, document, status, manager=names.STATUS_MANAGER)
        if live is not None:
            self._world.classes.put(live)
            await self._teller.transitions(CLASSES, document, before.conditions, conditions)


def members(papers: Iterable[Paper], version: str) -> list[Member]:
    """Those of a class's tenants that follow its version: the others name their own, or are about to go."""
    return [_member(paper, version) for paper in papers if not (paper.turn.own_version or paper.turn.leaving)]


def _member(paper: Paper, version: str) -> Member:
    turn = paper.turn
    return Member(
        name=paper.key,
        labels=dict(turn.labels),
        assigned=turn.assigned,
        assigned_at=moments.read(turn.assigned_at),
        ready=turn.ready and turn.ran == version,
        arrived=turn.ran == version,
        unready_since=moments.read(turn.unready_since),
    )


def _progress(status: ClassStatus) -> Progress:
    return Progress(status.version, status.wave, moments.read(status.wave_since))


def _status(before: ClassStatus, decision: Decision, hotels: list[Member], version: str) -> ClassStatus:
    since = decision.progress.wave_since
    return before.model_copy(
        update={
            "version": version,
            "previous_version": before.version if before.version not in (None, version) else before.previous_version,
            "tenants": len(hotels),
            "updated": sum(member.assigned == version and member.arrived for member in hotels),
            "wave": decision.progress.wave,
            "wave_since": moments.written(since) if since is not None else None,
            "stopped_by": decision.stopped_by,
        }
    )


def sentence_of(decision: Decision, status: ClassStatus, members: Iterable[Member]) -> str:
    """How far the version is, and whom it waits for."""
    if not status.tenants:
        return f"No hotel follows this class yet; those that do begin with {status.version}."
    count = f"{status.updated} of {status.tenants} hotels run {status.version}"
    if decision.verdict is Verdict.STOPPED:
        namespace, _, name = (decision.stopped_by or "").partition("/")
        look = f"kubectl describe ct -n {namespace} {name}"
        return f"{decision.stopped_by} did not become Ready in time; nobody else changes. {count}. See: {look}"
    if decision.verdict is Verdict.PAUSED:
        return f"Paused in the spec. {count}."
    if decision.verdict is Verdict.SOAKING and decision.look_again_at is not None:
        return f"{count}. The next wave begins at {moments.written(decision.look_again_at)}."
    unready = [one for one in members if one.assigned == status.version and not one.ready]
    if decision.verdict is Verdict.COMPLETE or not unready:
        return f"{count}."
    changing = [one.name for one in unready if not one.arrived]
    if changing:
        return f"{count}; changing now: {_some(changing)}."
    return f"{count}. It goes on when these are Ready again: {_some([one.name for one in unready])}."


def _some(hotels: list[str]) -> str:
    more = len(hotels) - _NAMED
    return ", ".join(hotels[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _seconds_until(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.5, (moment - now).total_seconds())

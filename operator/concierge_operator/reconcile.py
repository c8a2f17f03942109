"""One function for every trigger: look at a tenant as it is now, bring it a step closer to what it should be, tell it.

Nothing is remembered between two looks but what the cluster itself says, so it may be broken off anywhere and begun
again. What is applied again changes nothing, and a migration's Job has the same name for the same work.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from concierge_core.ports import Clock
from concierge_core.telemetry import span
from concierge_operator import findings, meters, number_claims, restores, restoring, trouble
from concierge_operator.backup_looks import BackupLooks, BackupReport
from concierge_operator.building import Builder
from concierge_operator.cluster import Cluster, Manifest
from concierge_operator.engine import Looked
from concierge_operator.farewell import Farewell
from concierge_operator.inventory import Inventory, inventory_of, written
from concierge_operator.known import Document, Paper, key_of
from concierge_operator.lease import NotLeadingError
from concierge_operator.number_looks import Marks, NumberLooks
from concierge_operator.number_verdict import NumberResult
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.plan import kept
from concierge_operator.preparing import Surroundings, prepared, status_of
from concierge_operator.refusals import AwayError, Refusal, Retry
from concierge_operator.render import Context, OperatorDefaults, Stage, Stages, render
from concierge_operator.render.migration import migration_name
from concierge_operator.secret_marks import lacking, used_keys
from concierge_operator.starting import waited_for
from concierge_operator.status import NEEDED, Findings, can_wait, conditions, unready_seconds
from concierge_operator.status_model import Migration, SecretMark, TenantStatus
from concierge_operator.tenant_teller import TenantTeller
from concierge_operator.waiting import ASK_AFTER_SECONDS, TELL_AFTER_SECONDS, Waiting
from concierge_operator.world import World

_LOOK_AT_RESTING_PODS_AFTER_SECONDS = 2.0
"""Pods aren't watched, and the house is closed until the last of them has come to its end."""
_LOOK_AT_THE_REST_AFTER_SECONDS = 60.0
"""A route without a gateway, a number that Twilio does not answer for: nobody tells when they are well again."""
_FAILURES_THAT_ARE_TOLD = 6
"""With the pauses between them some seconds: nobody is told of what is over before it could be read."""
_WAITS_FOR_DATABASE = Verdict(
    State.PROGRESSING, "WaitingForDatabase", "The migration begins when the database is ready."
)


@dataclass(slots=True)
class Draft:
    """What one look has brought so far."""

    stages: Stages
    migration: Migration | None
    marks: dict[str, SecretMark | None]
    through: bool = False
    """Every stage was done: nothing held the gate."""
    stall: Verdict | None = None
    details: dict[str, Verdict] = field(default_factory=dict)
    version: str | None = None
    backup: BackupReport | None = None
    numbers: NumberResult | None = None
    unlooked: set[str] = field(default_factory=set)
    """Types of conditions that were not looked at this time."""
    told: bool = True
    """The status says all of it."""


class Reconciler:
    """Looks at tenants, one call at a time for each."""

    def __init__(
        self,
        cluster: Cluster,
        world: World,
        teller: TenantTeller,
        numbers: NumberLooks,
        defaults: OperatorDefaults,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._world = world
        self._teller = teller
        self._defaults = defaults
        self._clock = clock
        self._numbers = numbers
        self._backups = BackupLooks(clock)
        self._farewell = Farewell(cluster, world, numbers, teller)
        self._waiting = Waiting(clock)
        self._failures: dict[str, int] = {}
        """Looks in a row that did not come to their end."""
        self._untold: dict[str, Inventory] = {}
        """What was done in looks that were broken off, so that it isn't all done again."""

    async def tenant(self, key: str) -> Looked:
        """Look at this tenant. Raises `AwayError`, `Retry` or a `Refusal` that may pass: try again later."""
        paper = self._world.tenants.get(key)
        if paper is None:
            return self._forget(key)
        document = paper.document()
        try:
            looked = await self._look(paper, document)
        except (NotLeadingError, AwayError):
            raise
        except Exception as error:
            await self._tell_trouble(key, document, error)
            raise
        self._failures.pop(key, None)
        return looked

    def _forget(self, key: str) -> Looked:
        for noted in (self._failures, self._untold):
            noted.pop(key, None)
        self._waiting.forget(key)
        self._backups.forget(key)
        self._numbers.forget(key)
        meters.CONDITIONS.forget(*key.split("/"))
        return Looked(gone=True)

    async def _look(self, paper: Paper, document: Document) -> Looked:
        ready = prepared(document, self._surroundings(paper))
        if "deletionTimestamp" in document["metadata"]:
            return await self._farewell.finish(document, ready)
        unseen = next(iter(self._world.unseen.items()), None)
        if unseen is not None:
            ready = trouble.of_unseen(unseen[1], unseen[0].kind)
        if isinstance(ready, Verdict):
            await self._teller.standstill(document, ready)
            return Looked()
        return await self._bring_about(document, ready)

    async def _tell_trouble(self, key: str, document: Document, error: Exception) -> None:
        """What ends looks again and again is told: at once where somebody must act, else when it goes on for long."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        if failures < _FAILURES_THAT_ARE_TOLD and not trouble.will_not_pass(error):
            return
        verdict = trouble.of_error(error, document["metadata"]["name"], document["metadata"]["namespace"])
        with suppress(AwayError, Retry, Refusal):
            await self._teller.standstill(document, verdict)

    def _surroundings(self, paper: Paper) -> Surroundings:
        brand = self._world.classes.get(f"/{paper.class_name}") if paper.class_name else None
        return Surroundings(
            brand=brand.document() if brand else None,
            neighbours=self._world.tenants.in_namespace(paper.namespace),
            defaults=self._defaults,
            offered=self._world.offered,
        )

    async def _bring_about(self, document: Document, ctx: Context) -> Looked:
        before = status_of(document)
        document = await self._farewell.hold(document, ctx, before.numbers)
        with span("secrets"):
            marks = await self._world.secrets.marks(ctx, before.secrets, self._cluster)
        prints = {name: mark.fingerprint for name, mark in marks.items() if mark is not None}
        ctx = replace(ctx, secret_fingerprints=prints)
        key = ctx.key
        # Kept until the status has it: where one request of twenty fails, the next look does the rest, not all again.
        inventory = self._untold[key] = inventory_of(before.inventory) | self._untold.get(key, {})
        builder = Builder(self._cluster, self._world.sightings, ctx, inventory)
        with span("render"):
            draft = Draft(render(ctx), before.migration, marks)
        if restores.asked(document):
            document = await self._restore(document, ctx, builder, draft)
        else:
            document = await restoring.forget(self._cluster, document, builder)
            await self._through_stages(ctx, builder, draft)
            with span("observe"):
                await self._look_at(document, ctx, before, builder, draft)
        with span("explain"):
            await self._explain_waiting(document, ctx, before, draft)
        with span("status"):
            await self._tell(document, ctx, before, builder, draft)
        self._untold.pop(key, None)
        return _next_look(draft)

    async def _through_stages(self, ctx: Context, builder: Builder, draft: Draft) -> None:
        """Stage after stage, up to the first that something keeps from being done."""
        for stage in (Stage.GUARD, Stage.CONFIG, Stage.DATA):
            draft.stall = await builder.stage(stage.value, draft.stages.of[stage])
            if draft.stall is not None:
                return
        if not self._secrets_are_there(ctx, draft) or not await self._gate_is_open(ctx, builder, draft):
            return
        for stage in (Stage.WORKLOADS, Stage.ROUTE, Stage.MONITORING):
            stopped = await builder.stage(stage.value, _known_kinds(ctx, draft.stages.of[stage]))
            if stage is Stage.MONITORING:
                draft.details |= {"MonitoringReady": stopped or READY} if draft.stages.of[stage] else {}
            elif stopped is not None:
                draft.stall = stopped
                return
        draft.through = True

    def _secrets_are_there(self, ctx: Context, draft: Draft) -> bool:
        keys = {name: frozenset(mark.keys) if mark is not None else None for name, mark in draft.marks.items()}
        lacks = lacking(used_keys(ctx), keys, ctx)
        if lacks is not None and lacks.state is State.FAILED:
            draft.stall = lacks
        elif lacks is not None:
            draft.details["DatabaseReady"] = lacks
        return lacks is None

    async def _gate_is_open(self, ctx: Context, builder: Builder, draft: Draft) -> bool:
        """Nothing beyond changes before the database is what this version needs."""
        if ctx.suspended:
            return True
        seen = self._world.sightings.of(ctx.namespace)
        state = findings.migration_state(ctx, draft.migration, seen)
        if state is None and findings.data_ready(ctx, seen).ready:
            with span("migration", concierge__version=ctx.version):
                draft.stall = await builder.stage(Stage.MIGRATION.value, draft.stages.of[Stage.MIGRATION])
            state = draft.stall or findings.migrating(ctx)
        if state is not None and state.state is State.FAILED:
            await builder.let_go_of_outdated(draft.stages.of[Stage.MIGRATION])
        draft.details["MigrationsApplied"] = state or _WAITS_FOR_DATABASE
        if state is None or not state.ready:
            return False
        draft.migration = Migration(version=ctx.version, job=migration_name(ctx), succeeded=True)
        return True

    async def _restore(self, document: Document, ctx: Context, builder: Builder, draft: Draft) -> Document:
        """Instead of everything else: the apps rest until the archive is in the place of the data."""
        draft.migration = None  # what is restored may be of an earlier version
        document, verdict = await restoring.restore(self._cluster, document, ctx, builder, draft.stages)
        draft.details["DatabaseReady"] = verdict
        draft.stall = verdict if verdict.state is State.FAILED else None
        draft.unlooked |= {"BackupHealthy", "VoiceNumberConfigured", "MonitoringReady"}
        self._world.written(document)  # that it is done is known before the next look begins: it is done once
        return document

    async def _look_at(
        self, document: Document, ctx: Context, before: TenantStatus, builder: Builder, draft: Draft
    ) -> None:
        seen = self._world.sightings.of(ctx.namespace)
        found = findings.details(ctx, seen)
        draft.details = {**found, **draft.details}
        settled = draft.through and all(found[name].ready for name in ("WorkersReady", "AppsReady") if name in found)
        if draft.through:
            await builder.tidy(draft.stages.all, settled=settled)
        if settled:
            draft.version = ctx.version
        draft.backup = await self._backups.look(ctx, seen, before.backup, draft.marks, self._cluster)
        if not draft.through:
            draft.unlooked |= {"VoiceNumberConfigured", "MonitoringReady"}
        else:
            draft.numbers = await self._look_at_numbers(document, ctx, before, draft.marks)
        if draft.numbers is not None and draft.numbers.verdict is not None:
            draft.details["VoiceNumberConfigured"] = draft.numbers.verdict

    async def _look_at_numbers(
        self, document: Document, ctx: Context, before: TenantStatus, marks: Marks
    ) -> NumberResult | None:
        own = number_claims.claim_of(document, ctx, before)
        papers = self._world.tenants.with_number(number for _, number in own.wanted)
        others = [self._claim(paper) for paper in papers if paper.key != own.key]
        elsewhere = number_claims.led_elsewhere(own, others)
        return await self._numbers.look(ctx, before.numbers, marks, self._cluster, elsewhere)

    def _claim(self, paper: Paper) -> number_claims.Claim:
        document = paper.document()
        return number_claims.claim_of(document, prepared(document, self._surroundings(paper)), status_of(document))

    async def _tell(
        self, document: Document, ctx: Context, before: TenantStatus, builder: Builder, draft: Draft
    ) -> None:
        found = Findings(
            generation=document["metadata"]["generation"],
            applied=draft.stall is None,
            details=draft.details,
            stall=draft.stall,
            suspended=ctx.suspended,
            backup=draft.backup.verdict if draft.backup else None,
            unlooked=frozenset(draft.unlooked),
        )
        changed = {
            "observed_generation": found.generation,
            "conditions": conditions(found, before.conditions, self._clock.now()),
            "version": draft.version or before.version,
            "endpoints": findings.endpoints(ctx),
            "migration": draft.migration,
            "inventory": written(kept(builder.inventory, draft.stages.all)),
            "secrets": [mark for mark in draft.marks.values() if mark is not None],
            "backup": draft.backup.status if draft.backup else before.backup,
            "numbers": list(draft.numbers.remembered) if draft.numbers else before.numbers,
        }
        draft.told = await self._write(document, before, before.model_copy(update=changed))
        told = [one.told() for one in builder.mended]
        drifts = draft.numbers.drift if draft.numbers else ()
        told += [f"{one.occasion.value} of {one.number} was changed at Twilio; it is ours again." for one in drifts]
        for sentence in told:
            await self._teller.warn(document, "DriftCorrected", sentence)

    async def _explain_waiting(self, document: Document, ctx: Context, before: TenantStatus, draft: Draft) -> None:
        key, generation = key_of(document), document["metadata"]["generation"]
        slow = [name for name in NEEDED if name in draft.details and not draft.details[name].ready]
        if not slow:
            self._waiting.forget(key)
            return
        self._waiting.waits(key, unready_seconds(before.conditions, self._clock.now()))
        seen = waited_for(self._world.sightings.of(ctx.namespace))
        trouble = await self._waiting.trouble(key, ctx, generation, slow, seen, self._cluster)
        if trouble is not None:
            draft.details[slow[0]] = trouble

    async def _write(self, document: Document, before: TenantStatus, status: TenantStatus) -> bool:
        """False where it is left for a later look: it is not urgent, and something was told a moment ago."""
        key = key_of(document)
        if status.conditions != before.conditions and can_wait(before, status) and not self._waiting.may_tell(key):
            return False
        if await self._teller.write(document, before, status):
            self._waiting.told(key)
        return True


def _known_kinds(ctx: Context, manifests: Iterable[Manifest]) -> list[Manifest]:
    """Without routes where the cluster has no Gateway API: RouteReady says so, and guests may come in another way."""
    offered = ctx.offers("HTTPRoute", "gateway.networking.k8s.io")
    return [one for one in manifests if offered or one["kind"] != "HTTPRoute"]


def _next_look(draft: Draft) -> Looked:
    if draft.numbers is not None and draft.numbers.look_again:
        return Looked(again_seconds=0.1)
    if draft.details.get("DatabaseReady", READY).reason == restores.RESTING:
        return Looked(again_seconds=_LOOK_AT_RESTING_PODS_AFTER_SECONDS)
    if not draft.told:
        return Looked(again_seconds=TELL_AFTER_SECONDS, failed=draft.stall is not None)
    waiting = {name for name, verdict in draft.details.items() if not verdict.ready} - {"MonitoringReady"}
    again = ASK_AFTER_SECONDS + 1 if waiting & {*NEEDED} else _LOOK_AT_THE_REST_AFTER_SECONDS
    return Looked(again_seconds=again if waiting else None, failed=draft.stall is not None)

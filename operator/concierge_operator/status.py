"""From what was observed to the tenant's conditions. Pure; written only where something changed.

`Ready` is a summary and never true for a generation that was not acted on. `Reconciling` and `Stalled` are as kstatus
reads them: the one while the operator is at work, the other when somebody else must act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from concierge_operator import moments
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.status_model import Condition, ConditionStatus, TenantStatus

_DETAILS = (
    "DatabaseReady",
    "MigrationsApplied",
    "WorkersReady",
    "AppsReady",
    "RouteReady",
    "VoiceNumberConfigured",
    "MonitoringReady",
)
_ORDER = ("Ready", "Reconciling", "Stalled", *_DETAILS, "BackupHealthy", "Suspended")
NEEDED = ("DatabaseReady", "MigrationsApplied", "WorkersReady", "AppsReady")
"""A house without a route can be reached through a route of its own; a number that is not set up rings nowhere, and
guests can still write; one that nobody measures answers all the same. All are told, and none makes it less Ready."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look at a tenant brought. A detail that is absent was not looked at or does not apply."""

    generation: int
    applied: bool
    """Everything rendered of this generation was applied, up to the gate that holds it."""
    details: Mapping[str, Verdict] = field(default_factory=dict)
    stall: Verdict | None = None
    """What keeps the operator from going on until somebody acts: a bad spec, a foreign object, a full quota."""
    suspended: bool = False
    backup: Verdict | None = None
    unlooked: frozenset[str] = frozenset()
    """Types of conditions that were not looked at this time: what was told of them still holds."""


def conditions(findings: Findings, before: Sequence[Condition], now: datetime) -> list[Condition]:
    """The conditions to show, in a fixed order; a condition that says the same keeps its transition time."""
    was = {condition.type: condition for condition in before}
    stall = findings.stall or _first(findings, State.FAILED)
    shown = [
        _ready(findings, stall),
        _reconciling(findings, stall),
        _of("Stalled", stall is not None, stall, "NothingInTheWay"),
        *(
            _of(name, findings.details[name].ready, findings.details[name], "Ready")
            for name in _DETAILS
            if name in findings.details
        ),
        *([_of("BackupHealthy", findings.backup.ready, findings.backup, "Recent")] if findings.backup else []),
        ("Suspended", findings.suspended, *_suspended(findings)),
    ]
    told = {made[0]: kept(made, was.get(made[0]), findings.generation, now) for made in shown}
    told |= {name: was[name] for name in findings.unlooked if name in was and name not in told}
    return [told[name] for name in _ORDER if name in told]


def standstill(verdict: Verdict, before: Sequence[Condition], generation: int, now: datetime) -> list[Condition]:
    """The conditions of a tenant for which nothing can be done now: because somebody else must act, or because
    something is waited for. Everything else was not looked at and is told as before, of the generation of then."""
    failed = verdict.state is State.FAILED
    was = {condition.type: condition for condition in before}
    shown = [
        ("Ready", False, verdict.reason, verdict.message),
        _of("Reconciling", not failed, None if failed else verdict, "Idle"),
        _of("Stalled", failed, verdict if failed else None, "NothingInTheWay"),
    ]
    told = was | {made[0]: kept(made, was.get(made[0]), generation, now) for made in shown}
    return [told[name] for name in _ORDER if name in told]


Made = tuple[str, bool, str, str]
"""Type, whether it holds, reason, message."""


def _ready(findings: Findings, stall: Verdict | None) -> Made:
    if stall is not None:
        return ("Ready", False, stall.reason, stall.message)
    if not findings.applied:
        return ("Ready", False, "NotAppliedYet", "The newest spec is being acted on.")
    waiting = _first(findings, State.PROGRESSING)
    if waiting is not None:
        return ("Ready", False, waiting.reason, waiting.message)
    if findings.suspended:
        return ("Ready", True, "Suspended", "The house is closed for the season; its page says when it opens again.")
    return ("Ready", True, "Ready", "Guests are answered.")


def _reconciling(findings: Findings, stall: Verdict | None) -> Made:
    waiting = None if stall is not None else _first(findings, State.PROGRESSING)
    if stall is None and not findings.applied:
        return ("Reconciling", True, "NotAppliedYet", "The newest spec is being acted on.")
    return _of("Reconciling", waiting is not None, waiting, "Idle")


def _suspended(findings: Findings) -> tuple[str, str]:
    return (
        ("AsAsked", "Only the page of a closed house runs.") if findings.suspended else ("Open", "The house is open.")
    )


def _first(findings: Findings, state: State) -> Verdict | None:
    """The first needed detail in this state, in the order in which they depend on each other."""
    found = (findings.details.get(name, READY) for name in NEEDED)
    return next((verdict for verdict in found if verdict.state is state), None)


def can_wait(before: TenantStatus, now: TenantStatus) -> bool:
    """Nothing is new but how far the parts are: nothing was made or done, and in sum it is as it was."""
    if now.model_copy(update={"conditions": before.conditions}) != before:
        return False
    olds, news = ({one.type: one for one in status.conditions} for status in (before, now))
    return all(_says_the_same(olds.get(name), news.get(name)) for name in ("Ready", "Stalled", "Suspended"))


def _says_the_same(old: Condition | None, new: Condition | None) -> bool:
    if old is None or new is None:
        return old is new
    # A reason to stall is for people to act on; a reason to wait is one of many on the way.
    same = (old.status, old.observed_generation) == (new.status, new.observed_generation)
    return same and (new.type != "Stalled" or old.reason == new.reason)


def unready_seconds(shown: Sequence[Condition], now: datetime) -> float:
    """How long the tenant has been told not to be Ready; 0 where it is Ready, or nothing was told yet."""
    since = next((one.last_transition_time for one in shown if one.type == "Ready" and one.status == "False"), None)
    began = moments.read(since)
    return max(0.0, (now - began).total_seconds()) if began is not None else 0.0


def _of(kind: str, holds: bool, verdict: Verdict | None, otherwise: str) -> Made:
    reason = verdict.reason if verdict is not None and verdict.reason else otherwise
    return (kind, holds, reason, verdict.message if verdict is not None else "")


def kept(made: Made, before: Condition | None, generation: int, now: datetime) -> Condition:
    """The condition to show; one that says the same as before keeps its transition time."""
    kind, holds, reason, message = made
    status: ConditionStatus = "True" if holds else "False"
    moment = moments.written(now)
    if before is not None and before.status == status:
        moment = before.last_transition_time
    return Condition(
        type=kind,
        status=status,
        observed_generation=generation,
        last_transition_time=moment,
        reason=reason,
        message=message,
    )

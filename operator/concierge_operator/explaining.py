"""How a tenant is and why, in sentences for platform engineers. Pure: what the cluster says goes in, lines come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from concierge_operator import names
from concierge_operator.drift import additions
from concierge_operator.resolve import Resolved, Source
from concierge_operator.status_model import Condition, TenantStatus

Live = Mapping[str, Any]
_SHOWN_VALUE = 60


def explained(
    document: Live,
    status: TenantStatus,
    resolved: Resolved | None,
    children: Iterable[Live],
    now: datetime,
) -> list[str]:
    """Everything worth saying. `resolved` is None where the spec can't be read; `children` are the tenant's objects."""
    parts = [
        [_headline(document, status)],
        list(_acted_on(document, status)),
        list(_conditions(status.conditions, now)),
        list(_reached(status)),
        list(_beside(children)),
        list(_origins(resolved)) if resolved is not None else [],
    ]
    return [line for part in parts if part for line in ("", *part)][1:]


def _headline(document: Live, status: TenantStatus) -> str:
    metadata = document["metadata"]
    name = ((document.get("spec") or {}).get("property") or {}).get("name") or metadata["name"]
    ready = _condition(status.conditions, "Ready")
    state = {"True": "is Ready", "False": "is not Ready"}.get(ready.status if ready else "", "was not looked at yet")
    version = f", version {status.version}" if status.version else ""
    place = f"{metadata['namespace']}/{metadata['name']}{version}"
    return f"{name} ({place}) {state}. {ready.message if ready else ''}".strip()


def _acted_on(document: Live, status: TenantStatus) -> Iterator[str]:
    generation = document["metadata"].get("generation", 0)
    if "deletionTimestamp" in document["metadata"]:
        yield f"It is being deleted; what is still to be done: {', '.join(document['metadata'].get('finalizers', ()))}."
    if not status.conditions:
        look = "kubectl get deployment -A -l app.kubernetes.io/name=concierge-operator"
        yield f"No operator has written a status. Does one run? See: {look}"
    elif any(condition.observed_generation < generation for condition in status.conditions):
        yield f"What follows is of an earlier generation than the spec's ({generation}); the operator is at work on it."


def _conditions(conditions: Sequence[Condition], now: datetime) -> Iterator[str]:
    for condition in conditions:
        since = _age(condition.last_transition_time, now)
        told = f": {condition.message}" if condition.message else ""
        yield f"{condition.type:<22} {condition.status:<7} {condition.reason} ({since}){told}"


def _reached(status: TenantStatus) -> Iterator[str]:
    if status.endpoints is None:
        return
    for who, where in (("Guests", status.endpoints.guest), ("Staff", status.endpoints.staff)):
        if where:
            yield f"{who}: {where}"
    secret = names.GENERATED_SECRET
    yield f"The first account's password, until it is changed: Secret {secret}, key first-account-password."


def _beside(children: Iterable[Live]) -> Iterator[str]:
    for child in children:
        for manager, paths in additions(child, ours=names.FIELD_MANAGER).items():
            what = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
            yield f"{manager} added to {child['kind']} {child['metadata']['name']}: {what}. It stays."


def _origins(resolved: Resolved) -> Iterator[str]:
    origins = resolved.origins()
    if Source.CLASS not in origins.values():
        yield f"All {len(origins)} values that are not built in are the tenant's own; see: kubectl get ct -o yaml"
        return
    yield "Where values come from (all others are built in):"
    for path, source in sorted(origins.items()):
        said = resolved.said_by_tenant if source is Source.TENANT else resolved.said_by_class
        yield f"  {path} = {_short(_at(said, path))}  ({source.value})"


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entr{'y' if len(value) == 1 else 'ies'}"
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN_VALUE else f"{text[: _SHOWN_VALUE - 1]}…"


def _condition(conditions: Iterable[Condition], kind: str) -> Condition | None:
    return next((condition for condition in conditions if condition.type == kind), None)


def _age(moment: str, now: datetime) -> str:
    seconds = int((now - datetime.fromisoformat(moment).astimezone(UTC)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"for {seconds // length} {unit}"
    return f"for {max(0, seconds)} s"

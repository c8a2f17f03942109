"""From a tenant's document to what can be rendered, or to the reason why it can't. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from concierge_core.tenant.brand import ConciergeClass, Rollout
from concierge_core.tenant.complaints import bounded, complaints, dotted, sentence
from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.known import Document, Paper
from concierge_operator.observe import State, Verdict
from concierge_operator.render.context import Context, OperatorDefaults
from concierge_operator.render.pools import too_many_connections
from concierge_operator.resolve import resolve
from concierge_operator.status_model import ClassStatus, TenantStatus


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a tenant is prepared with: its class, who shares its namespace, what the cluster and the operator offer."""

    brand: Document | None
    """The class's document; None where the tenant names none, or where there is none of that name."""
    neighbours: Sequence[Paper]
    """All tenants of the namespace, this one among them, the oldest first."""
    defaults: OperatorDefaults
    offered: frozenset[str]


def prepared(document: Document, around: Surroundings) -> Context | Verdict:
    """The tenant, ready to be rendered; or what its owner must mend first."""
    metadata = document["metadata"]
    first = around.neighbours[0] if around.neighbours else None
    if first is not None and first.uid != metadata["uid"]:
        told = f"Namespace {first.namespace} already has the tenant {first.key.split('/')[1]}; use one of its own."
        return Verdict(State.FAILED, "NamespaceTaken", told)
    wanted = ((document.get("spec") or {}).get("classRef") or {}).get("name")
    if wanted and around.brand is None:
        return Verdict(
            State.FAILED, "ClassNotFound", f"There is no ConciergeClass {wanted}; create it or name another."
        )
    try:
        brand = ConciergeClass.model_validate(around.brand) if around.brand else None
        tenant = resolve(document, brand).tenant
    except ValidationError as error:
        return Verdict(State.FAILED, "InvalidSpec", _told(error))
    ctx = Context(
        namespace=metadata["namespace"],
        tenant=metadata["name"],
        uid=metadata["uid"],
        spec=tenant.spec,
        version=version_of(tenant.spec.version, document, around),
        defaults=around.defaults,
        offered=around.offered,
    )
    return too_many_connections(ctx) or ctx


def version_of(own: str | None, document: Document, around: Surroundings) -> str:
    """The tenant's own version, else the one that its class gave it, else the class's, else the operator's.

    A tenant that comes while its class changes begins with the version before, and is changed when its turn comes.
    """
    if own:
        return own
    status = document.get("status") or {}
    if around.brand is not None and (around.brand.get("spec") or {}).get("version"):
        return str(status.get("assignedVersion") or _first_version(around.brand))
    if around.defaults.version_was_told:
        return around.defaults.version
    return str(status.get("version") or around.defaults.version)


def _first_version(brand: Document) -> str | None:
    wanted = (brand.get("spec") or {}).get("version")
    progress = brand.get("status") or {}
    told = progress.get("version")
    if told and told != wanted:
        return str(told)  # the change has not even begun
    waves = ((brand.get("spec") or {}).get("rollout") or {}).get("waves") or Rollout().waves
    if progress.get("previousVersion") and progress.get("wave", 0) < len(waves):
        return str(progress["previousVersion"])
    return wanted


def status_of(document: Mapping[str, Any]) -> TenantStatus:
    """What was told of the tenant last, as far as it can be read."""
    told = document.get("status") or {}
    try:
        return TenantStatus.model_validate(told)
    except ValidationError as error:  # another version of the operator wrote it, or somebody by hand
        strange = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
        plain = {name: part for name, part in told.items() if name not in strange}
        return TenantStatus() if len(plain) == len(told) else status_of({"status": plain})


def class_status_of(document: Mapping[str, Any]) -> ClassStatus:
    """The same for a class."""
    try:
        return ClassStatus.model_validate(document.get("status") or {})
    except ValidationError:
        return ClassStatus()


def _told(error: ValidationError) -> str:
    found = [sentence(dotted(path), words) for path, words in complaints(error, ConciergeTenant)]
    return " ".join(bounded(found)) + " What runs keeps running."

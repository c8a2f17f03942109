"""What holds for a tenant, field by field: the tenant's own word, else the class's, else the built-in value.

Pure. Both words are plain camelCase values as they stand in the cluster; what holds is the typed, checked spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from concierge_core.tenant.brand import ConciergeClass
from concierge_core.tenant.model import ConciergeTenant


class Source(StrEnum):
    """Who said it."""

    TENANT = "tenant"
    CLASS = "class"
    BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The tenant as it holds, and what was said by whom."""

    tenant: ConciergeTenant
    said_by_tenant: Mapping[str, Any]
    said_by_class: Mapping[str, Any]

    def origins(self) -> dict[str, Source]:
        """Dotted path of each value that was said → who said it; all others are built-in."""
        merged = merge(self.said_by_class, self.said_by_tenant)
        own = dict(_leaves(self.said_by_tenant))
        return {path: Source.TENANT if path in own else Source.CLASS for path, _ in _leaves(merged)}


def resolve(document: Mapping[str, Any], brand: ConciergeClass | None) -> Resolved:
    """The tenant of this document under this class. Raises pydantic's `ValidationError` when the two don't fit."""
    from_class = brand.spec.defaults.as_tenant_spec() if brand else {}
    own = document.get("spec") or {}
    merged = {**document, "spec": merge(from_class, own)}
    return Resolved(ConciergeTenant.model_validate(merged), own, from_class)


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` wins, field by field; lists, and sections that stand on one side only, are taken whole."""
    merged = dict(below)
    for name, value in above.items():
        beneath = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(beneath, Mapping)
        merged[name] = merge(beneath, value) if both else value  # type: ignore[arg-type]
    return merged


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, part in value.items():
        path = f"{prefix}{name}"
        if isinstance(part, Mapping) and part:
            yield from _leaves(part, f"{path}.")
        else:
            yield path, part

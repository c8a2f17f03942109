"""On which nodes a tenant's pods run, in Kubernetes' own words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from concierge_core.tenant.values import LabelName, LabelValue, ObjectName, Section, problem


class Toleration(Section):
    """A taint of nodes that the pods put up with."""

    key: LabelName | None = None
    """The taint's key; every taint, if absent (with operator Exists)."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """`Exists`: whatever its value; `Equal`: with `value`."""
    value: LabelValue | None = None
    """The taint's value, with Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every one, if absent."""
    toleration_seconds: Annotated[int, Field(ge=0, le=86400)] | None = None
    """How long a NoExecute taint is put up with; for ever, if absent."""

    @model_validator(mode="after")
    def _as_kubernetes_wants_it(self) -> Toleration:
        if self.key is None and self.operator != "Exists":
            raise problem("is missing; add it, or set operator: Exists", field="key")
        if self.value is not None and self.operator == "Exists":
            raise problem("is not looked at with operator Exists; take it out", field="value")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise problem("only counts with effect: NoExecute; set that, or take it out", field="tolerationSeconds")
        return self


class Scheduling(Section):
    """Where the pods run, those of database and Redis included."""

    node_selector: Annotated[dict[LabelName, LabelValue], Field(max_length=16)] = Field(default_factory=dict)
    """Labels that a node must have, all of them."""
    tolerations: Annotated[list[Toleration], Field(max_length=20)] = Field(default_factory=list)
    """Taints that the pods put up with."""
    priority_class_name: ObjectName | None = None
    """PriorityClass: who stays when a node has no room for all."""

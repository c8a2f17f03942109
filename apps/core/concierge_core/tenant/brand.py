"""`ConciergeClass`: what the hotels of a brand share, and how a new version reaches them.

A class is to tenants what a StorageClass is to volumes: cluster-scoped, named by `spec.classRef`. Its `defaults` hold
wherever a tenant says nothing itself, field by field; lists are taken whole.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from concierge_core.tenant.cluster import (
    Autoscaling,
    Backup,
    Gateway,
    Image,
    Observability,
    Resources,
    Tls,
    Worker,
)
from concierge_core.tenant.mind import Ai
from concierge_core.tenant.model import API_VERSION, Metadata, without_status
from concierge_core.tenant.placing import Scheduling
from concierge_core.tenant.property import Branding
from concierge_core.tenant.staff import Retention
from concierge_core.tenant.values import LabelName, LabelValue, Section, Version, problem

CLASS_KIND: Final = "ConciergeClass"

Percent = Annotated[int, Field(ge=1, le=100)]


class ClassDefaults(Section):
    """What a tenant of this class gets where it says nothing itself."""

    image: Image = Field(default_factory=Image)
    """Container image."""
    gateway: Gateway | None = None
    """Gateway or Ingress."""
    tls: Tls | None = None
    """Certificate."""
    branding: Branding = Field(default_factory=Branding)
    """Looks of guest page, widget and mails; `property.branding` of a tenant."""
    ai: Ai = Field(default_factory=Ai)
    """Model, budget, persona, escalation and tools: the brand's guardrails."""
    retention: Retention = Field(default_factory=Retention)
    """How long data is kept."""
    backup: Backup = Field(default_factory=Backup)
    """Backups."""
    worker: Worker = Field(default_factory=Worker)
    """Background work."""
    autoscaling: Autoscaling = Field(default_factory=Autoscaling)
    """Replicas."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory."""
    scheduling: Scheduling = Field(default_factory=Scheduling)
    """Nodes."""
    observability: Observability = Field(default_factory=Observability)
    """Traces, logs, errors, metrics."""

    def as_tenant_spec(self) -> dict[str, Any]:
        """What was said, as the part of a tenant's spec that it stands for (camelCase, nothing that was not said)."""
        said = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        if "branding" in said:
            said["property"] = {"branding": said.pop("branding")}
        return said


class Canary(Section):
    """The hotels that go first."""

    match_labels: Annotated[dict[LabelName, LabelValue], Field(min_length=1, max_length=16)]
    """Labels that such a tenant carries, all of them."""


class Rollout(Section):
    """How a new version reaches the tenants of the class."""

    canary: Canary | None = None
    """Hotels that get it first, all of them before anybody else; none, if absent."""
    waves: Annotated[list[Percent], Field(min_length=1, max_length=20)] = Field(default=[10, 50, 100])
    """Shares of all tenants, in percent, that may have it after each wave; rising, the last is 100."""
    max_concurrent: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many hotels change at the same time."""
    ready_within_seconds: Annotated[int, Field(ge=30, le=86400)] = 900
    """A hotel that is not Ready so long after its change stops the rollout; 30 to 86400 s."""
    soak_seconds: Annotated[int, Field(ge=0, le=604800)] = 300
    """Pause between two waves, with all of a wave Ready; 0 to 604800 s."""
    paused: bool = False
    """Nobody else changes while this is true; those that change now finish."""

    @field_validator("waves")
    @classmethod
    def _rise_to_all(cls, waves: list[int]) -> list[int]:
        if waves[-1] != 100 or any(late <= early for early, late in itertools.pairwise(waves)):
            raise problem("must rise, and end with 100, such as [10, 50, 100]")
        return waves


class ClassSpec(Section):
    """What the brand shares."""

    version: Version | None = None
    """Version of the apps for tenants without one of their own; the operator's own if absent."""
    defaults: ClassDefaults = Field(default_factory=ClassDefaults)
    """What holds where a tenant says nothing itself."""
    rollout: Rollout = Field(default_factory=Rollout)
    """How a new version reaches the tenants."""


class ConciergeClass(Section):
    """What the hotels of a brand share."""

    api_version: Literal["concierge.hotel/v1alpha1"] = API_VERSION
    """Always concierge.hotel/v1alpha1."""
    kind: Literal["ConciergeClass"] = CLASS_KIND
    """Always ConciergeClass."""
    metadata: Metadata
    """Name and labels."""
    spec: ClassSpec
    """What the brand shares."""

    @model_validator(mode="before")
    @classmethod
    def _without_status(cls, value: Any) -> Any:
        return without_status(value)

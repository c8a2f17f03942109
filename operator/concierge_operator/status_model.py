"""What the operator says of a tenant or a class: the `status` of both kinds, as typed values.

Conditions follow the Kubernetes API conventions: observations with a reason, each with the generation it was made of.
There is no phase. What usage costs is a metric, never status.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from concierge_core.tenant.values import Section
from concierge_operator.inventory import LINE
from concierge_operator.number_model import MOST_NUMBERS, VoiceNumber

ConditionStatus = Literal["True", "False", "Unknown"]
InventoryLine = Annotated[str, Field(max_length=400, pattern=LINE)]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


MOST_KEYS = 64
"""Keys of one Secret that are noted; of one with more, those that are used first."""


class Condition(Section):
    """One observation."""

    type: Annotated[str, Field(max_length=316, pattern=r"^[A-Z][A-Za-z]+$")]
    """What is observed, such as Ready."""
    status: ConditionStatus
    """True, False or Unknown."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that this was observed of."""
    last_transition_time: Moment
    """When status last changed."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    """Why, in one word for programs."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, in a sentence for people."""


class Endpoints(Section):
    """Where the property is reached."""

    guest: str | None = None
    """The guests' page."""
    staff: str | None = None
    """The staff's dashboard."""
    widget: str | None = None
    """The script for the hotel's website."""


class SecretMark(Section):
    """A Secret that the tenant uses, without its content."""

    name: str
    """Name, in the tenant's namespace."""
    version: str
    """Resource version that the fingerprint was made of."""
    fingerprint: str
    """Keyed fingerprint of its content: pods restart when it changes."""
    keys: Annotated[list[str], Field(max_length=MOST_KEYS)] = Field(default_factory=list)
    """Names of its keys."""


class Migration(Section):
    """The database's migration that the running version needs."""

    version: str
    """Version of the apps that it was made for."""
    job: str
    """The Job that did it."""
    succeeded: bool = False
    """It is done."""


class BackupStatus(Section):
    """The last backups."""

    last_success_time: Moment | None = None
    """When the last good one ended."""
    last_failure_time: Moment | None = None
    """When the last failed one ended."""


class TenantStatus(Section):
    """What the operator observed of a tenant."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that was acted on last."""
    conditions: Annotated[list[Condition], Field(max_length=32)] = Field(default_factory=list)
    """Observations, one per type."""
    version: str | None = None
    """Version of the apps that runs."""
    assigned_version: str | None = None
    """Version that the class's rollout gave to this tenant."""
    assigned_at: Moment | None = None
    """When it was given."""
    endpoints: Endpoints | None = None
    """Where the property is reached."""
    migration: Migration | None = None
    """The last migration of the database."""
    backup: BackupStatus | None = None
    """The last backups."""
    inventory: Annotated[list[InventoryLine], Field(max_length=128)] = Field(default_factory=list)
    """Objects made for the tenant: kind/name, fingerprint of what was applied, fingerprint of the operator's fields."""
    secrets: Annotated[list[SecretMark], Field(max_length=64)] = Field(default_factory=list)
    """Secrets that it uses."""
    numbers: Annotated[list[VoiceNumber], Field(max_length=MOST_NUMBERS)] = Field(default_factory=list)
    """Twilio numbers that lead to it, and what they did before."""


class ClassStatus(Section):
    """How far the class's version has come."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that was acted on last."""
    conditions: Annotated[list[Condition], Field(max_length=16)] = Field(default_factory=list)
    """Observations, one per type."""
    version: str | None = None
    """The version that is rolled out."""
    previous_version: str | None = None
    """The version before it."""
    tenants: Annotated[int, Field(ge=0)] = 0
    """Tenants that follow the class's version."""
    updated: Annotated[int, Field(ge=0)] = 0
    """Tenants that have it and were Ready with it."""
    wave: Annotated[int, Field(ge=0)] = 0
    """The wave that is under way: 0 is the canary."""
    wave_since: Moment | None = None
    """When all tenants of the waves so far were Ready."""
    stopped_by: str | None = None
    """Namespace and name of the tenant that stopped the rollout."""

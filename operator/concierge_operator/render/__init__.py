"""A tenant's objects: `render(context)`, pure. The same value in gives the same objects out, in the order of stages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from concierge_operator.render import (
    backup,
    config,
    database,
    guard,
    migration,
    monitoring,
    network,
    redis,
    routes,
    workloads,
)
from concierge_operator.render.context import Context, Manifest, OperatorDefaults

__all__ = ["Context", "Manifest", "OperatorDefaults", "Stage", "Stages", "render"]


class Stage(StrEnum):
    """What is made together. A stage begins when the one before it is done."""

    GUARD = "guard"
    CONFIG = "config"
    DATA = "data"
    MIGRATION = "migration"
    """The gate: nothing after it changes before the database is ready for the new version."""
    WORKLOADS = "workloads"
    ROUTE = "route"
    MONITORING = "monitoring"


@dataclass(frozen=True, slots=True)
class Stages:
    """The objects of one tenant, stage by stage."""

    of: dict[Stage, list[Manifest]]

    @property
    def all(self) -> list[Manifest]:
        """Every object, in order."""
        return [manifest for stage in Stage for manifest in self.of[stage]]


def render(ctx: Context) -> Stages:
    """What the tenant consists of in the cluster."""
    return Stages(
        {
            Stage.GUARD: [guard.service_account(ctx), guard.quota(ctx), *network.policies(ctx)],
            Stage.CONFIG: [config.tenant_config(ctx), config.articles_config(ctx)],
            Stage.DATA: [*database.database(ctx), *redis.redis(ctx)],
            Stage.MIGRATION: migration.migration(ctx),
            Stage.WORKLOADS: [*workloads.workloads(ctx), *backup.backup(ctx)],
            Stage.ROUTE: routes.routes(ctx),
            Stage.MONITORING: monitoring.monitoring(ctx),
        }
    )

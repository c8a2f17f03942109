"""What keeps a tenant's namespace in bounds: an account without rights, and a quota that fits its largest size."""

from __future__ import annotations

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.quantities import as_mebibytes, as_millicores, mebibytes, millicores
from concierge_operator.render.sizes import awake, awake_replicas, resources, running

_JOBS_BESIDE = 4
"""A migration, a backup, a restore, and cert-manager's pod that proves the host, may run beside the rest."""


def service_account(ctx: Context) -> Manifest:
    """The account of all pods. It may do nothing, and no token of it is mounted."""
    return ctx.manifest("v1", "ServiceAccount", names.SERVICE_ACCOUNT, automountServiceAccountToken=False)


def quota(ctx: Context) -> Manifest:
    """Room for every component at its largest, one more pod of each during a rollout, and a few Jobs."""
    pods, cpu, memory = _JOBS_BESIDE, 0, 0
    # A closed house keeps its room: it is needed again at the first minute of the season.
    for component in dict.fromkeys((*awake(ctx), *running(ctx))):
        most = awake_replicas(ctx, component).most + 1
        asked = resources(ctx, component)
        pods += most
        cpu += most * millicores(asked["requests"]["cpu"])
        memory += most * mebibytes(asked["limits"]["memory"])
    if ctx.spec.postgres.mode == "cloudnativepg":
        # Its instances, and the pod that sets a new one up; each may have the sidecar that archives its log.
        most = ctx.spec.postgres.instances + 1
        pods += most
        for part in (resources(ctx, Component.POSTGRES), resources(ctx, Component.BACKUP)):
            cpu += most * millicores(part["requests"]["cpu"])
            memory += most * mebibytes(part["limits"]["memory"])
    job = resources(ctx, Component.MIGRATION)
    cpu += _JOBS_BESIDE * millicores(job["requests"]["cpu"])
    memory += _JOBS_BESIDE * mebibytes(job["limits"]["memory"])
    hard = {"pods": str(pods), "requests.cpu": as_millicores(cpu), "limits.memory": as_mebibytes(memory)}
    return ctx.manifest("v1", "ResourceQuota", "concierge", spec={"hard": hard})

"""The tenant's PostgreSQL: the official image on a volume of its own, or a CloudNativePG cluster."""

from __future__ import annotations

from typing import Any

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render import secrets
from concierge_operator.render.cnpg import cnpg
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.placing import hardened, placed_pod
from concierge_operator.render.ports import POSTGRES_PORT
from concierge_operator.render.sizes import resources
from concierge_operator.render.stateful import stateful

_POSTGRES_USER = 999
"""The user that the official image's entry point expects."""


def database(ctx: Context) -> list[Manifest]:
    """What the operator makes of it; nothing where the tenant brings its own."""
    if ctx.spec.postgres.mode == "managed":
        return stateful(
            ctx,
            Component.POSTGRES,
            pod=_pod(ctx),
            port=POSTGRES_PORT,
            size=ctx.spec.storage.size,
            # Data outlives the tenant unless deletion was asked for.
            volume_when_deleted="Retain" if ctx.spec.deletion_policy == "Retain" else "Delete",
        )
    if ctx.spec.postgres.mode == "cloudnativepg":
        return cnpg(ctx)
    return []


def _pod(ctx: Context) -> dict[str, Any]:
    bare = placed_pod(ctx)
    account = {"runAsUser": _POSTGRES_USER, "runAsGroup": _POSTGRES_USER, "fsGroup": _POSTGRES_USER}
    bare["securityContext"] |= account | {"fsGroupChangePolicy": "OnRootMismatch"}
    version = ctx.spec.postgres.version
    ready = {"exec": {"command": ["pg_isready", "-h", "127.0.0.1", "-U", "concierge", "-d", "concierge"]}}
    container = {
        "name": "postgres",
        "image": f"{ctx.defaults.postgres_image}:{version}",
        "args": ["-c", f"max_connections={ctx.spec.postgres.max_connections}"],
        "env": [
            {"name": "POSTGRES_USER", "value": "concierge"},
            {"name": "POSTGRES_DB", "value": "concierge"},
            {
                "name": "POSTGRES_PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": names.GENERATED_SECRET, "key": secrets.POSTGRES_PASSWORD}},
            },
            # A folder per major version, as the image itself does since 18.
            {"name": "PGDATA", "value": f"/var/lib/postgresql/{version}/docker"},
        ],
        "ports": [{"name": "postgres", "containerPort": POSTGRES_PORT, "protocol": "TCP"}],
        "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": 150, "timeoutSeconds": 3},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 3},
        "livenessProbe": {**ready, "periodSeconds": 20, "failureThreshold": 6, "timeoutSeconds": 5},
        "resources": resources(ctx, Component.POSTGRES),
        "securityContext": hardened(),
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/postgresql"},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        ],
    }
    empty = [{"name": "run", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    return {**bare, "terminationGracePeriodSeconds": 120, "containers": [container], "volumes": empty}

"""The tenant's Redis: a Valkey with a small volume, since work waits in it."""

from __future__ import annotations

import math
from typing import Any

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render import secrets
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.placing import hardened, placed_pod
from concierge_operator.render.ports import REDIS_PORT
from concierge_operator.render.quantities import mebibytes
from concierge_operator.render.sizes import resources
from concierge_operator.render.stateful import stateful

_VOLUME_MEBIBYTES = 1024
_VOLUME_OF_MEMORY = 4
"""Its log is at most twice what it holds, and beside it lies the new one while that is written anew."""


def redis(ctx: Context) -> list[Manifest]:
    """Service and StatefulSet; nothing where the tenant brings its own."""
    if ctx.spec.redis.mode != "managed":
        return []
    return stateful(
        ctx,
        Component.REDIS,
        pod=_pod(ctx),
        port=REDIS_PORT,
        size=_volume_size(ctx),
        # What lies in it can be had again from the database: the volume goes with the tenant.
        volume_when_deleted="Delete",
    )


def _volume_size(ctx: Context) -> str:
    needed = max(_VOLUME_MEBIBYTES, _VOLUME_OF_MEMORY * mebibytes(ctx.spec.redis.memory))
    return f"{math.ceil(needed / 1024)}Gi"


def _pod(ctx: Context) -> dict[str, Any]:
    memory = mebibytes(ctx.spec.redis.memory)
    # The password comes from a variable: a command line can be read by everybody on the node.
    start = (
        'printf "requirepass %s\\n" "$REDIS_PASSWORD" > /tmp/secret.conf && exec valkey-server /tmp/secret.conf '
        f"--dir /data --appendonly yes --maxmemory {memory}mb --maxmemory-policy noeviction"
    )
    answers = {"exec": {"command": ["sh", "-c", 'REDISCLI_AUTH="$REDIS_PASSWORD" valkey-cli ping | grep -q PONG']}}
    container = {
        "name": "redis",
        "image": ctx.defaults.redis_image,
        "command": ["sh", "-c", start],
        "env": [
            {
                "name": "REDIS_PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": names.GENERATED_SECRET, "key": secrets.REDIS_PASSWORD}},
            }
        ],
        "ports": [{"name": "redis", "containerPort": REDIS_PORT, "protocol": "TCP"}],
        "readinessProbe": {**answers, "periodSeconds": 5, "timeoutSeconds": 3},
        "livenessProbe": {**answers, "periodSeconds": 20, "failureThreshold": 6, "timeoutSeconds": 5},
        "resources": resources(ctx, Component.REDIS),
        "securityContext": hardened(),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    return {**placed_pod(ctx), "containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}

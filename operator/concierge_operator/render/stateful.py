"""What the tenant's PostgreSQL and Redis have in common: one pod with a volume of its own behind a fixed name."""

from __future__ import annotations

from typing import Any, Literal

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render import secrets
from concierge_operator.render.context import Context, Manifest


def stateful(
    ctx: Context,
    component: Component,
    *,
    pod: dict[str, Any],
    port: int,
    size: str,
    volume_when_deleted: Literal["Retain", "Delete"],
) -> list[Manifest]:
    """Service and StatefulSet; no pod while the house is closed. `size` is the volume's, whose name is "data"."""
    return [_service(ctx, component, port), _stateful_set(ctx, component, pod, size, volume_when_deleted)]


def _service(ctx: Context, component: Component, port: int) -> Manifest:
    spec = {
        "clusterIP": "None",
        "selector": names.selector(ctx.tenant, component),
        "ports": [{"name": component.value, "port": port, "targetPort": component.value, "protocol": "TCP"}],
    }
    return ctx.manifest("v1", "Service", names.object_name(component), component=component, spec=spec)


def _stateful_set(
    ctx: Context, component: Component, pod: dict[str, Any], size: str, volume_when_deleted: str
) -> Manifest:
    name = names.object_name(component)
    marks = secrets.restart_marks(ctx, component)
    spec: dict[str, Any] = {
        "serviceName": name,
        "replicas": 0 if ctx.suspended else 1,
        "selector": {"matchLabels": names.selector(ctx.tenant, component)},
        "template": {"metadata": {"labels": ctx.labels(component), "annotations": marks}, "spec": pod},
        "volumeClaimTemplates": [_volume_claim(ctx, size)],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": volume_when_deleted, "whenScaled": "Retain"},
    }
    return ctx.manifest("apps/v1", "StatefulSet", name, component=component, spec=spec)


def _volume_claim(ctx: Context, size: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if ctx.spec.storage.class_name:
        spec["storageClassName"] = ctx.spec.storage.class_name
    return {"metadata": {"name": "data"}, "spec": spec}

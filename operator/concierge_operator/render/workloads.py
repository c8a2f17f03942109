"""Deployments of the apps and their background work, how they scale, and what a drained node must leave standing."""

from __future__ import annotations

from typing import Any

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.pods import pod_template, serving_port
from concierge_operator.render.sizes import data, replicas, running


def apps(ctx: Context) -> tuple[Component, ...]:
    """The components that are Deployments."""
    return tuple(component for component in running(ctx) if component not in data(ctx))


def workloads(ctx: Context) -> list[Manifest]:
    """Every app's Deployment with what belongs to it."""
    return [manifest for component in apps(ctx) for manifest in _around(ctx, component)]


def _around(ctx: Context, component: Component) -> list[Manifest]:
    made = [_deployment(ctx, component)]
    if serving_port(component) is not None:
        made.append(_service(ctx, component))
    if replicas(ctx, component).scales:
        made.append(_autoscaler(ctx, component))
    if replicas(ctx, component).most > 1:
        made.append(_disruption_budget(ctx, component))
    return made


def _deployment(ctx: Context, component: Component) -> Manifest:
    wanted = replicas(ctx, component)
    spec: dict[str, Any] = {
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 300,
        "selector": {"matchLabels": names.selector(ctx.tenant, component)},
        "strategy": _strategy(component),
        "template": pod_template(ctx, component),
    }
    if not wanted.scales:
        spec["replicas"] = wanted.least
    return ctx.manifest("apps/v1", "Deployment", names.object_name(component), component=component, spec=spec)


def _strategy(component: Component) -> dict[str, Any]:
    if component is Component.BEAT:
        return {"type": "Recreate"}  # a second one would only wait for the first one's lease
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def _service(ctx: Context, component: Component) -> Manifest:
    port = serving_port(component)
    spec = {
        "type": "ClusterIP",
        "selector": names.selector(ctx.tenant, component),
        "ports": [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"}],
    }
    return ctx.manifest("v1", "Service", names.object_name(component), component=component, spec=spec)


def _autoscaler(ctx: Context, component: Component) -> Manifest:
    wanted = replicas(ctx, component)
    use = {"type": "Utilization", "averageUtilization": wanted.target_cpu_percent}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": names.object_name(component)},
        "minReplicas": wanted.least,
        "maxReplicas": wanted.most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": use}}],
        # Chats and calls stay with their pod: fewer pods only after ten quiet minutes.
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
    }
    name = names.object_name(component)
    return ctx.manifest("autoscaling/v2", "HorizontalPodAutoscaler", name, component=component, spec=spec)


def _disruption_budget(ctx: Context, component: Component) -> Manifest:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": names.selector(ctx.tenant, component)}}
    name = names.object_name(component)
    return ctx.manifest("policy/v1", "PodDisruptionBudget", name, component=component, spec=spec)

"""Objects for a Prometheus operator, only where the cluster has one."""

from __future__ import annotations

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.pods import serving_port
from concierge_operator.render.workloads import apps

_GROUP = "monitoring.coreos.com"


def monitoring(ctx: Context) -> list[Manifest]:
    """A PodMonitor for all apps that serve metrics."""
    if not ctx.spec.observability.service_monitor or ctx.suspended or not ctx.offers("PodMonitor", _GROUP):
        return []
    serving = sorted(component.value for component in apps(ctx) if serving_port(component) is not None)
    wanted = {
        "matchLabels": {"app.kubernetes.io/name": "concierge", "app.kubernetes.io/instance": ctx.tenant},
        "matchExpressions": [{"key": names.COMPONENT, "operator": "In", "values": serving}],
    }
    labels = [names.COMPONENT, f"{names.DOMAIN}/property"]
    spec = {
        "selector": wanted,
        "podTargetLabels": labels,
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "30s"}],
    }
    made = ctx.manifest(f"{_GROUP}/v1", "PodMonitor", "concierge", component=Component.CHAT, spec=spec)
    made["metadata"]["labels"] = {**ctx.defaults.pod_monitor_labels, **made["metadata"]["labels"]}
    return [made]

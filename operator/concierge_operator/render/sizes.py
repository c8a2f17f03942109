"""How many pods of each component, and how much each may use: the tenant's word, else what its size stands for."""

from __future__ import annotations

from dataclasses import dataclass

from concierge_core.tenant.cluster import ComponentResources, Scale
from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.render.context import Context
from concierge_operator.render.quantities import as_mebibytes, mebibytes

Amounts = dict[str, dict[str, str]]

# CPU request, memory request, memory limit. The request is near what a process holds when idle (`make bench` prints
# it), the limit leaves room for caches and a burst.
_ASKED: dict[Component, tuple[str, str, str]] = {
    Component.CHAT: ("50m", "160Mi", "320Mi"),
    Component.VOICE: ("50m", "160Mi", "320Mi"),
    Component.AI: ("50m", "192Mi", "448Mi"),
    Component.ADMIN: ("50m", "160Mi", "320Mi"),
    Component.WORKER: ("50m", "160Mi", "320Mi"),
    Component.BEAT: ("10m", "64Mi", "128Mi"),
    Component.WEB: ("100m", "320Mi", "640Mi"),
    Component.MIGRATION: ("50m", "128Mi", "320Mi"),
    Component.POSTGRES: ("100m", "256Mi", "512Mi"),
    Component.REDIS: ("20m", "64Mi", "192Mi"),
    Component.BACKUP: ("50m", "128Mi", "320Mi"),
}
_FACTOR = {"small": 1, "medium": 2, "large": 4}
_REPLICAS = {"small": (1, 3), "medium": (2, 6), "large": (2, 12)}


@dataclass(frozen=True, slots=True)
class Replicas:
    """From how many to how many pods; the same twice means no autoscaling."""

    least: int
    most: int
    target_cpu_percent: int = 70

    @property
    def scales(self) -> bool:
        """Autoscaling decides."""
        return self.most > self.least


def running(ctx: Context) -> tuple[Component, ...]:
    """The components of the tenant's own that run, those of its data included."""
    return (Component.CHAT,) if ctx.suspended else awake(ctx)


def awake(ctx: Context) -> tuple[Component, ...]:
    """The components that run while the house is open."""
    apps = (Component.WEB, *BACKGROUND) if ctx.compact else (*_wanted_apps(ctx), *BACKGROUND)
    return (*apps, *data(ctx))


def data(ctx: Context) -> tuple[Component, ...]:
    """The parts of the data layer that the operator runs itself."""
    postgres = (Component.POSTGRES,) if ctx.spec.postgres.mode == "managed" else ()
    redis = (Component.REDIS,) if ctx.spec.redis.mode == "managed" else ()
    return (*postgres, *redis)


def _wanted_apps(ctx: Context) -> tuple[Component, ...]:
    spoken = ctx.spec.voice.enabled or ctx.spec.messaging.sms.enabled or ctx.spec.messaging.whatsapp.enabled
    return tuple(app for app in APPS if app is not Component.VOICE or spoken)


def replicas(ctx: Context, component: Component) -> Replicas:
    """How many pods. Beat, database and Redis are one; a compact or closed house does not scale."""
    return Replicas(1, 1) if ctx.suspended else awake_replicas(ctx, component)


def awake_replicas(ctx: Context, component: Component) -> Replicas:
    """How many pods while the house is open."""
    if ctx.compact or component not in (*APPS, Component.WORKER):
        return Replicas(1, 1)
    given: Scale = getattr(ctx.spec.autoscaling, component.value)
    least, most = _REPLICAS[ctx.spec.size]
    told = given.model_fields_set
    least = given.min_replicas if "min_replicas" in told else least
    most = given.max_replicas if "max_replicas" in told else max(most, least)
    return Replicas(least, max(least, most), given.target_cpu_percent)


def resources(ctx: Context, component: Component) -> Amounts:
    """Requests and limits. There is no CPU limit unless the tenant sets one: it would only slow answers down."""
    cpu, memory, most = _built_in(ctx, component)
    given = _given(ctx, component)
    requests = {"cpu": given.requests.cpu or cpu, "memory": given.requests.memory or memory}
    limits = {"memory": given.limits.memory or _larger(most, requests["memory"])}
    if given.limits.cpu:
        limits["cpu"] = given.limits.cpu
    return {"requests": requests, "limits": limits}


def _built_in(ctx: Context, component: Component) -> tuple[str, str, str]:
    cpu, memory, most = _ASKED[component]
    if component not in (Component.POSTGRES, Component.REDIS):
        return cpu, memory, most
    factor = _FACTOR[ctx.spec.size]
    memory, most = _times(memory, factor), _times(most, factor)
    if component is Component.REDIS:
        # Room for what it holds, and for what changes in it while it is written to the volume.
        held = mebibytes(ctx.spec.redis.memory)
        memory, most = _larger(memory, as_mebibytes(held // 2)), _larger(most, as_mebibytes(held * 3 // 2))
    return cpu, memory, most


def _given(ctx: Context, component: Component) -> ComponentResources:
    # What a tenant can't size (beat, the Jobs) follows the built-in amounts.
    return getattr(ctx.spec.resources, component.value, None) or ComponentResources()


def _times(memory: str, factor: int) -> str:
    return as_mebibytes(mebibytes(memory) * factor)


def _larger(limit: str, request: str) -> str:
    return limit if mebibytes(limit) >= mebibytes(request) else request

"""The pod of an app: one image for all, a different command each, as few rights as there can be."""

from __future__ import annotations

from typing import Any

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render import secrets
from concierge_operator.render.config import config_name
from concierge_operator.render.context import Context
from concierge_operator.render.placing import apart, hardened, placed_pod
from concierge_operator.render.pools import pool_size
from concierge_operator.render.ports import AI_PORT, WEB_PORT
from concierge_operator.render.sizes import resources

TENANT_PATH = "/etc/concierge/tenant"
KNOWLEDGE_PATH = "/etc/concierge/knowledge"

_COMMANDS: dict[Component, list[str]] = {
    Component.CHAT: ["concierge-chat", "--host", "0.0.0.0", "--port", str(WEB_PORT)],  # noqa: S104
    Component.VOICE: ["concierge-voice", "--host", "0.0.0.0", "--port", str(WEB_PORT)],  # noqa: S104
    Component.ADMIN: ["concierge-admin", "--host", "0.0.0.0", "--port", str(WEB_PORT)],  # noqa: S104
    Component.AI: ["concierge-ai", "--host", "0.0.0.0", "--port", str(AI_PORT)],  # noqa: S104
    Component.WEB: ["concierge-web", "--host", "0.0.0.0", "--port", str(WEB_PORT)],  # noqa: S104
    Component.WORKER: ["concierge-worker"],
    Component.BEAT: ["concierge-beat"],
    Component.MIGRATION: ["concierge-migrate"],
}
_READS_KNOWLEDGE = (Component.AI, Component.WEB, Component.MIGRATION)
_FACES_GATEWAYS = (Component.CHAT, Component.VOICE, Component.ADMIN, Component.WEB)
# A gateway ends TLS and says so in X-Forwarded-*. It is a pod or node of the cluster, or a mesh's proxy in the pod; no
# guest comes from there, since only gateways may connect (`network`).
_PROXIES = "127.0.0.0/8,10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fc00::/7"
# Open chats and calls are told, and turns given back, before the process ends.
_GRACE_SECONDS = {Component.CHAT: 60, Component.VOICE: 60, Component.WEB: 60, Component.ADMIN: 30}


def pod_template(ctx: Context, component: Component) -> dict[str, Any]:
    """Labels, the fingerprint of the secrets it uses, and the pod."""
    labels = ctx.labels(component) | {"app.kubernetes.io/version": ctx.version}
    metadata = {"labels": labels, "annotations": secrets.restart_marks(ctx, component)}
    return {"metadata": metadata, "spec": pod(ctx, component)}


def pod(ctx: Context, component: Component) -> dict[str, Any]:
    """The pod's specification."""
    return {
        **placed_pod(ctx),
        "terminationGracePeriodSeconds": _GRACE_SECONDS.get(component, 30),
        "topologySpreadConstraints": apart(ctx, component),
        "containers": [container(ctx, component)],
        "volumes": _volumes(ctx, component),
    }


def container(ctx: Context, component: Component) -> dict[str, Any]:
    """The app's container."""
    described: dict[str, Any] = {
        "name": component.value,
        "image": ctx.image,
        "imagePullPolicy": ctx.spec.image.pull_policy,
        "command": _command(ctx, component),
        "env": _environment(ctx, component),
        "resources": resources(ctx, component),
        "securityContext": hardened(),
        "volumeMounts": _mounts(ctx, component),
    }
    port = serving_port(component)
    if port is not None:
        described["ports"] = [{"name": "http", "containerPort": port, "protocol": "TCP"}]
        described |= _http_probes()
        described["lifecycle"] = {"preStop": {"sleep": {"seconds": 5}}}
    elif component is not Component.MIGRATION:
        described |= _exec_probes(component)
    return described


def serving_port(component: Component) -> int | None:
    """The port that it listens on; None for what only works in the background."""
    if component in (Component.CHAT, Component.VOICE, Component.ADMIN, Component.WEB):
        return WEB_PORT
    return AI_PORT if component is Component.AI else None


def _command(ctx: Context, component: Component) -> list[str]:
    command = _COMMANDS[component]
    return [*command, "--closed"] if ctx.suspended and component is Component.CHAT else command


def _environment(ctx: Context, component: Component) -> list[dict[str, Any]]:
    plain = {
        "CONCIERGE_TENANT_FILE": f"{TENANT_PATH}/tenant.yaml",
        "CONCIERGE_SECRETS_DIR": secrets.SECRETS_PATH,
        "CONCIERGE_PUBLIC_URL": ctx.public_url,
        "CONCIERGE_LOG_LEVEL": ctx.spec.observability.log_level,
        "CONCIERGE_DATA_DIR": "/tmp/concierge",  # noqa: S108  # an emptyDir of the pod's own
        "MALLOC_ARENA_MAX": "2",
    }
    if component is Component.WEB:
        plain["CONCIERGE_AI_URL"] = "unix:/tmp/ai.sock"
    elif component is not Component.AI:
        plain["CONCIERGE_AI_URL"] = f"http://{names.object_name(Component.AI)}:{AI_PORT}"
    if component in _FACES_GATEWAYS:
        plain["CONCIERGE_TRUSTED_PROXIES"] = _PROXIES
    if component in _READS_KNOWLEDGE:
        plain["CONCIERGE_KNOWLEDGE_DIR"] = KNOWLEDGE_PATH
    if ctx.suspended:
        plain["OTEL_SDK_DISABLED"] = "true"  # a closed house reaches nobody
    else:
        plain["CONCIERGE_DATABASE_POOL_SIZE"] = str(pool_size(ctx))
    written = [{"name": name, "value": value} for name, value in plain.items()]
    return written if ctx.suspended else [*written, *secrets.variables(ctx, component)]


def _volumes(ctx: Context, component: Component) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [
        {"name": "tenant", "configMap": {"name": config_name(ctx)}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]
    if _reads_secrets(ctx, component):
        volumes.append(secrets.volume(ctx, component))
    if component in _READS_KNOWLEDGE:
        volumes += [
            {"name": volume, "configMap": {"name": name, "optional": True}} for volume, name in _knowledge(ctx).items()
        ]
    return volumes


def _reads_secrets(ctx: Context, component: Component) -> bool:
    return not ctx.suspended and bool(secrets.referenced(ctx, component))


def _knowledge(ctx: Context) -> dict[str, str]:
    """Volume → the articles' ConfigMap and the tenant's own; a missing one keeps no pod down.

    A volume each: joined into one, two that have a key of the same name would hide each other.
    """
    maps = [names.ARTICLES, *(ref.name for ref in ctx.spec.knowledge.config_maps)]
    return {f"knowledge-{number}": name for number, name in enumerate(dict.fromkeys(maps))}


def _mounts(ctx: Context, component: Component) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": "tenant", "mountPath": TENANT_PATH, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
    ]
    if _reads_secrets(ctx, component):
        mounts.append({"name": "secrets", "mountPath": secrets.SECRETS_PATH, "readOnly": True})
    if component in _READS_KNOWLEDGE:
        mounts += [
            {"name": volume, "mountPath": f"{KNOWLEDGE_PATH}/{name}", "readOnly": True}
            for volume, name in _knowledge(ctx).items()
        ]
    return mounts


def _http_probes() -> dict[str, Any]:
    def asks(path: str, *, period: int, failures: int) -> dict[str, Any]:
        get = {"path": path, "port": "http"}
        return {"httpGet": get, "periodSeconds": period, "timeoutSeconds": 3, "failureThreshold": failures}

    return {
        "startupProbe": asks("/healthz", period=2, failures=60),
        "readinessProbe": asks("/readyz", period=5, failures=2),
        "livenessProbe": asks("/healthz", period=10, failures=3),
    }


def _exec_probes(component: Component) -> dict[str, Any]:
    """For what serves no port. A rollout goes on when the new one has begun, not when its container was made."""

    def asks(*, period: int, failures: int) -> dict[str, Any]:
        run = {"command": [*_COMMANDS[component], "--alive"]}
        return {"exec": run, "periodSeconds": period, "timeoutSeconds": 10, "failureThreshold": failures}

    return {"startupProbe": asks(period=5, failures=24), "livenessProbe": asks(period=30, failures=3)}

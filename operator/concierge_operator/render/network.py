"""Who may talk to whom: nothing, but for the openings that the tenant's own parts need."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from concierge_operator import names
from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.ports import AI_PORT, POSTGRES_PORT, REDIS_PORT, WEB_PORT
from concierge_operator.render.sizes import running

Rule = dict[str, Any]

# The internet without private ranges: what a pod of a hotel has no business to reach in the cluster's own network.
_INTERNET: Rule = {
    "ipBlock": {
        "cidr": "0.0.0.0/0",
        "except": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    }
}
_ANYWHERE: Rule = {"ipBlock": {"cidr": "0.0.0.0/0"}}
_CNPG_LABEL = {"cnpg.io/cluster": names.object_name(Component.POSTGRES)}
_CNPG_STATUS_PORT = 8000
_CNPG_METRICS_PORT = 9187
_USES_DATABASE = (*APPS, *BACKGROUND, Component.WEB, Component.MIGRATION, Component.BACKUP)
_USES_REDIS = (*APPS, *BACKGROUND, Component.WEB)


def policies(ctx: Context) -> list[Manifest]:
    """Default-deny for all pods of the namespace, then one policy per component with its openings."""
    alone = [_default_deny(ctx), _names(ctx), *_cnpg(ctx)]
    return alone + [policy for component in _components(ctx) for policy in _of(ctx, component)]


def _components(ctx: Context) -> tuple[Component, ...]:
    # Without regular backups there may still be a single one, or a restore.
    backup = (Component.BACKUP,) if ctx.spec.backup.destination else ()
    jobs = () if ctx.suspended else (Component.MIGRATION, *backup)
    return (*running(ctx), *jobs)


def _default_deny(ctx: Context) -> Manifest:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", "concierge-default-deny", spec=spec)


def _names(ctx: Context) -> Manifest:
    peer = {
        "namespaceSelector": _namespace(ctx.defaults.dns_namespace),
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    rule = {"to": [peer], "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    return ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", "concierge-dns", spec=spec)


def _cnpg(ctx: Context) -> list[Manifest]:
    """CloudNativePG's pods: apps and their own operator come in; they reach each other, the API server, the bucket."""
    if ctx.spec.postgres.mode != "cloudnativepg":
        return []
    its_own = {"podSelector": {"matchLabels": dict(_CNPG_LABEL)}}
    operator = {"namespaceSelector": _namespace(ctx.defaults.cnpg_namespace)}
    ports = [_tcp(POSTGRES_PORT), _tcp(_CNPG_STATUS_PORT)]
    ingress = [{"from": [its_own, operator], "ports": ports}, _from_monitoring(ctx, _CNPG_METRICS_PORT)]
    users = _present(ctx, _USES_DATABASE)
    ingress += [_from_own(ctx, users, POSTGRES_PORT)] if users and not ctx.suspended else []
    outside = {443, 6443, *([_port_of(ctx.spec.backup.endpoint)] if ctx.spec.backup.endpoint else [])}
    egress = [
        {"to": [deepcopy(its_own)], "ports": deepcopy(ports)},
        {"to": [deepcopy(_ANYWHERE)], "ports": [_tcp(port) for port in sorted(outside)]},
    ]
    spec = {
        "podSelector": {"matchLabels": dict(_CNPG_LABEL)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
    name = names.object_name(Component.POSTGRES)
    return [ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", name, component=Component.POSTGRES, spec=spec)]


def _of(ctx: Context, component: Component) -> list[Manifest]:
    # A rule without peers would let everybody in.
    ingress = [rule for rule in _ingress(ctx, component) if rule["from"]]
    egress = _egress(ctx, component)
    if not ingress and not egress:
        return []
    spec: dict[str, Any] = {
        "podSelector": {"matchLabels": names.selector(ctx.tenant, component)},
        "policyTypes": ["Ingress", "Egress"],
    }
    # An empty list would be stored as none at all, and each apply would then count as a change.
    spec |= {"ingress": ingress} if ingress else {}
    spec |= {"egress": egress} if egress else {}
    name = names.object_name(component)
    return [ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", name, component=component, spec=spec)]


def _ingress(ctx: Context, component: Component) -> list[Rule]:
    if component is Component.POSTGRES:
        return [_from_own(ctx, _present(ctx, _USES_DATABASE), POSTGRES_PORT)]
    if component is Component.REDIS:
        return [_from_own(ctx, _present(ctx, _USES_REDIS), REDIS_PORT)]
    if component is Component.AI:
        users = tuple(app for app in _present(ctx, APPS) if app is not Component.AI)
        return [_from_own(ctx, users, AI_PORT), _from_monitoring(ctx, AI_PORT)]
    if component in (*APPS, Component.WEB):
        return [_from_gateways(ctx), _from_monitoring(ctx, WEB_PORT)]
    return []


def _egress(ctx: Context, component: Component) -> list[Rule]:
    if ctx.suspended or component in (Component.POSTGRES, Component.REDIS):
        return []
    rules: list[Rule] = []
    if component in _USES_DATABASE:
        rules.append(_to_database(ctx))
    if component in _USES_REDIS:
        rules.append(_to_redis(ctx))
    if component in (Component.CHAT, Component.VOICE, Component.ADMIN):
        rules.append(_to_own(ctx, Component.AI, AI_PORT))
    ports = _outside(ctx, component)
    if ports:
        rules.append({"to": [_INTERNET], "ports": [_tcp(port) for port in ports]})
    if component is Component.BACKUP and _in_a_bucket(ctx) and ctx.spec.backup.endpoint:
        # It may be a service of the cluster's own.
        rules.append({"to": [deepcopy(_ANYWHERE)], "ports": [_tcp(_port_of(ctx.spec.backup.endpoint))]})
    if ctx.spec.observability.otlp_endpoint:
        rules.append({"to": [_ANYWHERE], "ports": [_tcp(_port_of(ctx.spec.observability.otlp_endpoint))]})
    return rules


def _outside(ctx: Context, component: Component) -> list[int]:
    """Ports on the internet that the component needs, each once."""
    spec = ctx.spec
    ports: set[int] = set()
    together = component is Component.WEB
    if spec.observability.sentry_dsn_secret:
        ports.add(443)
    if component is Component.BACKUP and _in_a_bucket(ctx) and spec.backup.endpoint is None:
        ports.add(443)
    if (component is Component.AI or together) and spec.ai.provider == "gemini":
        ports.add(443)
    if (component is Component.ADMIN or together) and spec.admin.oidc:
        ports.add(_port_of(spec.admin.oidc.issuer))
    if component in (Component.VOICE, Component.WORKER) or together:
        ports |= {443} if spec.voice.enabled or spec.messaging.sms.enabled or spec.messaging.whatsapp.enabled else set()
    if component is Component.WORKER:
        ports |= {_port_of(hook.url) for hook in spec.notifications.webhooks}
        ports |= {spec.notifications.smtp.port} if spec.notifications.smtp else set()
    return sorted(ports)


def _in_a_bucket(ctx: Context) -> bool:
    return (ctx.spec.backup.destination or "").startswith("s3://")


def _present(ctx: Context, wanted: tuple[Component, ...]) -> tuple[Component, ...]:
    return tuple(component for component in _components(ctx) if component in wanted)


def _to_database(ctx: Context) -> Rule:
    mode = ctx.spec.postgres.mode
    if mode == "managed":
        return _to_own(ctx, Component.POSTGRES, POSTGRES_PORT)
    if mode == "cloudnativepg":
        own = {"podSelector": {"matchLabels": dict(_CNPG_LABEL)}}
        return {"to": [own], "ports": [_tcp(POSTGRES_PORT)]}
    return {"to": [_ANYWHERE], "ports": [_tcp(POSTGRES_PORT)]}


def _to_redis(ctx: Context) -> Rule:
    if ctx.spec.redis.mode == "managed":
        return _to_own(ctx, Component.REDIS, REDIS_PORT)
    return {"to": [_ANYWHERE], "ports": [_tcp(REDIS_PORT)]}


def _to_own(ctx: Context, component: Component, port: int) -> Rule:
    return {"to": [{"podSelector": {"matchLabels": names.selector(ctx.tenant, component)}}], "ports": [_tcp(port)]}


def _from_own(ctx: Context, components: tuple[Component, ...], port: int) -> Rule:
    peers = [{"podSelector": {"matchLabels": names.selector(ctx.tenant, component)}} for component in components]
    return {"from": peers, "ports": [_tcp(port)]}


def _from_gateways(ctx: Context) -> Rule:
    gateway = ctx.spec.gateway
    spaces = [gateway.namespace] if gateway and gateway.namespace else list(ctx.defaults.gateway_namespaces)
    return {"from": [{"namespaceSelector": _namespace(space)} for space in spaces], "ports": [_tcp(WEB_PORT)]}


def _from_monitoring(ctx: Context, port: int) -> Rule:
    peers = [{"namespaceSelector": _namespace(space)} for space in ctx.defaults.monitoring_namespaces]
    return {"from": peers, "ports": [_tcp(port)]}


def _namespace(name: str) -> dict[str, Any]:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def _tcp(port: int) -> Rule:
    return {"protocol": "TCP", "port": port}


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)

"""Who may talk to whom: nothing, but for the openings that the tenant's own parts need."""

from __future__ import annotations

from typing import Final

from concierge_operator import names
from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.render import peers
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.peers import Rule, tcp
from concierge_operator.render.ports import AI_PORT, POSTGRES_PORT, REDIS_PORT, WEB_PORT
from concierge_operator.render.routes import routes
from concierge_operator.render.sizes import running

_CNPG_LABEL: Final = {"cnpg.io/cluster": names.object_name(Component.POSTGRES)}
_CNPG_STATUS_PORT: Final = 8000
_CNPG_METRICS_PORT: Final = 9187
_API_SERVER_PORTS: Final = (443, 6443)
_SOLVER_LABEL: Final = {"acme.cert-manager.io/http01-solver": "true"}
_SOLVER_PORT: Final = 8089
_USES_DATABASE = (*APPS, *BACKGROUND, Component.WEB, Component.MIGRATION, Component.BACKUP)
_USES_REDIS = (*APPS, *BACKGROUND, Component.WEB)


def policies(ctx: Context) -> list[Manifest]:
    """Default-deny for all pods of the namespace, then one policy per component with its openings."""
    alone = [_default_deny(ctx), _names(ctx), *_solver(ctx), *_cnpg(ctx)]
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
    """DNS: the cluster's, and a cache that each node may have at an address of its own."""
    asked = [*peers.spaces([ctx.defaults.dns_namespace]), *peers.addresses(ctx.defaults.dns_cidrs)]
    ports = [{"protocol": protocol, "port": port} for port in ctx.defaults.dns_ports for protocol in ("UDP", "TCP")]
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": asked, "ports": ports}]}
    return ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", "concierge-dns", spec=spec)


def _solver(ctx: Context) -> list[Manifest]:
    """cert-manager's own pod in this namespace, which shows a certificate authority that the host is ours."""
    way_in = _from_gateways(ctx, _SOLVER_PORT)
    if not routes(ctx) or not ctx.offers("Certificate", "cert-manager.io") or not way_in["from"]:
        return []
    spec = {"podSelector": {"matchLabels": dict(_SOLVER_LABEL)}, "policyTypes": ["Ingress"], "ingress": [way_in]}
    return [ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", "concierge-acme-solver", spec=spec)]


def _cnpg(ctx: Context) -> list[Manifest]:
    """CloudNativePG's pods: apps and their own operator come in; they reach each other, the API server, the bucket."""
    if ctx.spec.postgres.mode != "cloudnativepg":
        return []
    ports = tcp(POSTGRES_PORT, _CNPG_STATUS_PORT)
    operator = peers.spaces([ctx.defaults.cnpg_namespace])
    ingress = [{"from": [*_cnpg_pods(), *operator], "ports": ports}, _from_monitoring(ctx, _CNPG_METRICS_PORT)]
    users = _present(ctx, _USES_DATABASE)
    ingress += [_from_own(ctx, users, POSTGRES_PORT)] if users and not ctx.suspended else []
    bucket = [peers.port_of(ctx.spec.backup.endpoint)] if ctx.spec.backup.endpoint else []
    egress = [
        {"to": _cnpg_pods(), "ports": tcp(POSTGRES_PORT, _CNPG_STATUS_PORT)},
        {"to": peers.anywhere(), "ports": tcp(*_API_SERVER_PORTS, *bucket)},
    ]
    spec = {
        "podSelector": {"matchLabels": dict(_CNPG_LABEL)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [rule for rule in ingress if rule["from"]],
        "egress": egress,
    }
    name = names.object_name(Component.POSTGRES)
    return [ctx.manifest("networking.k8s.io/v1", "NetworkPolicy", name, component=Component.POSTGRES, spec=spec)]


def _cnpg_pods() -> list[Rule]:
    return [{"podSelector": {"matchLabels": dict(_CNPG_LABEL)}}]


def _of(ctx: Context, component: Component) -> list[Manifest]:
    # A rule without peers would let everybody in.
    ingress = [rule for rule in _ingress(ctx, component) if rule["from"]]
    egress = _egress(ctx, component)
    if not ingress and not egress:
        return []
    spec: Rule = {
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
        return [_from_gateways(ctx, WEB_PORT), _from_monitoring(ctx, WEB_PORT)]
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
    for to, ports in ((peers.internet(), _outside(ctx, component)), (peers.anywhere(), _named(ctx, component))):
        rules += [{"to": to, "ports": tcp(*ports)}] if ports else []
    return rules


def _outside(ctx: Context, component: Component) -> set[int]:
    """Ports on the internet that the component needs."""
    spec = ctx.spec
    ports: set[int] = set()
    together = component is Component.WEB
    if spec.observability.sentry_dsn_secret:
        ports.add(443)
    if component is Component.BACKUP and _in_a_bucket(ctx) and spec.backup.endpoint is None:
        ports.add(443)
    if (component is Component.AI or together) and spec.ai.provider == "gemini":
        ports.add(443)
    if component in (Component.VOICE, Component.WORKER) or together:
        ports |= {443} if spec.voice.enabled or spec.messaging.sms.enabled or spec.messaging.whatsapp.enabled else set()
    if component is Component.WORKER:
        # The app itself calls no private address either (`address_guard`).
        ports |= {peers.port_of(hook.url) for hook in spec.notifications.webhooks}
    return ports


def _named(ctx: Context, component: Component) -> set[int]:
    """Ports of what the tenant names by host and what may be in the house's own network."""
    spec = ctx.spec
    ports: set[int] = set()
    if component in (Component.ADMIN, Component.WEB) and spec.admin.oidc:
        ports.add(peers.port_of(spec.admin.oidc.issuer))
    if component is Component.WORKER and spec.notifications.smtp:
        ports.add(spec.notifications.smtp.port)
    if component is Component.BACKUP and _in_a_bucket(ctx) and spec.backup.endpoint:
        ports.add(peers.port_of(spec.backup.endpoint))
    if spec.observability.otlp_endpoint:
        ports.add(peers.port_of(spec.observability.otlp_endpoint))
    return ports


def _in_a_bucket(ctx: Context) -> bool:
    return (ctx.spec.backup.destination or "").startswith("s3://")


def _present(ctx: Context, wanted: tuple[Component, ...]) -> tuple[Component, ...]:
    return tuple(component for component in _components(ctx) if component in wanted)


def _to_database(ctx: Context) -> Rule:
    postgres = ctx.spec.postgres
    if postgres.mode == "managed":
        return _to_own(ctx, Component.POSTGRES, POSTGRES_PORT)
    if postgres.mode == "cloudnativepg":
        return {"to": _cnpg_pods(), "ports": tcp(POSTGRES_PORT)}
    return {"to": peers.anywhere(), "ports": tcp(postgres.port)}


def _to_redis(ctx: Context) -> Rule:
    redis = ctx.spec.redis
    if redis.mode == "managed":
        return _to_own(ctx, Component.REDIS, REDIS_PORT)
    return {"to": peers.anywhere(), "ports": tcp(redis.port)}


def _to_own(ctx: Context, component: Component, port: int) -> Rule:
    return {"to": peers.own(ctx.tenant, [component]), "ports": tcp(port)}


def _from_own(ctx: Context, components: tuple[Component, ...], port: int) -> Rule:
    return {"from": peers.own(ctx.tenant, components), "ports": tcp(port)}


def _from_gateways(ctx: Context, port: int) -> Rule:
    """From the Gateway's own namespace too: where its proxies run, there or with their controller, differs."""
    gateway = ctx.spec.gateway
    named = [gateway.namespace] if gateway and gateway.namespace else []
    at = [*peers.spaces([*named, *ctx.defaults.gateway_namespaces]), *peers.addresses(ctx.defaults.gateway_cidrs)]
    return {"from": at, "ports": tcp(port)}


def _from_monitoring(ctx: Context, port: int) -> Rule:
    return {"from": peers.spaces(ctx.defaults.monitoring_namespaces), "ports": tcp(port)}

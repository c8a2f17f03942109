"""How requests reach the tenant: an HTTPRoute on a Gateway, or an Ingress. The same paths as on one machine."""

from __future__ import annotations

from typing import Any

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.ports import WEB_PORT
from concierge_operator.render.workloads import apps

_PATHS = ((Component.VOICE, "/voice"), (Component.VOICE, "/messaging"), (Component.ADMIN, "/admin"))


def routes(ctx: Context) -> list[Manifest]:
    """Route and certificate; nothing where host or gateway are not given."""
    gateway = ctx.spec.gateway
    if ctx.spec.host is None or gateway is None:
        return []
    if gateway.ingress_class:
        return [_ingress(ctx), *_certificate(ctx)]
    return [_http_route(ctx), *_certificate(ctx)] if gateway.name else []


def backends(ctx: Context) -> list[tuple[str, Component]]:
    """Path prefix and who answers there, the longest first; the guests' page answers everywhere else."""
    own = [(path, component) for component, path in _PATHS if component in apps(ctx)]
    return [*own, ("/", ctx.front)]


def tls_secret(ctx: Context) -> str | None:
    """Name of the certificate's Secret; None where TLS is somebody else's."""
    tls = ctx.spec.tls
    if tls is None:
        return None
    return tls.secret_name or (f"{ctx.tenant}-tls" if tls.issuer else None)


def _http_route(ctx: Context) -> Manifest:
    gateway = ctx.spec.gateway
    assert gateway is not None
    parent: dict[str, Any] = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": gateway.name,
        "namespace": gateway.namespace or ctx.namespace,
    }
    if gateway.section_name:
        parent["sectionName"] = gateway.section_name
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [
                {"group": "", "kind": "Service", "name": names.object_name(component), "port": WEB_PORT, "weight": 1}
            ],
        }
        for path, component in backends(ctx)
    ]
    spec = {"parentRefs": [parent], "hostnames": [ctx.spec.host], "rules": rules}
    return _annotated(ctx, ctx.manifest("gateway.networking.k8s.io/v1", "HTTPRoute", "concierge", spec=spec))


def _ingress(ctx: Context) -> Manifest:
    gateway = ctx.spec.gateway
    assert gateway is not None
    paths = [
        {
            "path": path,
            "pathType": "Prefix",
            "backend": {"service": {"name": names.object_name(component), "port": {"number": WEB_PORT}}},
        }
        for path, component in backends(ctx)
    ]
    spec: dict[str, Any] = {
        "ingressClassName": gateway.ingress_class,
        "rules": [{"host": ctx.spec.host, "http": {"paths": paths}}],
    }
    secret = tls_secret(ctx)
    if secret:
        spec["tls"] = [{"hosts": [ctx.spec.host], "secretName": secret}]
    return _annotated(ctx, ctx.manifest("networking.k8s.io/v1", "Ingress", "concierge", spec=spec))


def _annotated(ctx: Context, route: Manifest) -> Manifest:
    if ctx.spec.gateway is not None and ctx.spec.gateway.annotations:
        route["metadata"]["annotations"] = dict(ctx.spec.gateway.annotations)
    return route


def _certificate(ctx: Context) -> list[Manifest]:
    tls = ctx.spec.tls
    if tls is None or tls.issuer is None or not ctx.offers("Certificate", "cert-manager.io"):
        return []
    spec = {
        "secretName": tls_secret(ctx),
        "dnsNames": [ctx.spec.host],
        "issuerRef": {"group": "cert-manager.io", "kind": tls.issuer.kind, "name": tls.issuer.name},
    }
    return [ctx.manifest("cert-manager.io/v1", "Certificate", "concierge", spec=spec)]

"""What rendering needs besides the tenant's spec: who it is, which version, what the cluster and the operator offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from concierge_core.tenant.model import TenantSpec
from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.ports import WEB_PORT

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OperatorDefaults:
    """What the chart's values say for all tenants."""

    image: str = "ghcr.io/concierge-hotel/concierge"
    version: str = "0.1.0"
    version_was_told: bool = False
    """Somebody set the version. Else it is the operator's own, and a tenant that runs keeps the one that it has: an
    operator's upgrade alone restarts no pod."""
    postgres_image: str = "docker.io/library/postgres"
    """Without tag; the tag is the major version."""
    cnpg_image: str = "ghcr.io/cloudnative-pg/postgresql"
    """The same, of databases that CloudNativePG runs."""
    redis_image: str = "docker.io/valkey/valkey:8-alpine"
    dns_namespace: str = "kube-system"
    dns_ports: tuple[int, ...] = (53,)
    """Where DNS's pods listen: policies are asked behind the Service."""
    dns_cidrs: tuple[str, ...] = ("169.254.20.10/32",)
    """Caches on the nodes; this one is the address of Kubernetes' own."""
    gateway_namespaces: tuple[str, ...] = ("gateways", "ingress-nginx", "envoy-gateway-system", "istio-system")
    """Namespaces whose pods may reach chat, voice and dashboard."""
    gateway_cidrs: tuple[str, ...] = ()
    """Addresses that may as well: of load balancers that are no pods, of nodes whose network a gateway uses."""
    monitoring_namespaces: tuple[str, ...] = ("monitoring",)
    """Namespaces whose pods may read metrics."""
    pod_monitor_labels: Mapping[str, str] = field(default_factory=dict)
    """By which a Prometheus picks the hotels' monitors."""
    cnpg_namespace: str = "cnpg-system"
    """Where CloudNativePG's operator runs, which must reach its databases."""


@dataclass(frozen=True, slots=True)
class Context:
    """One tenant, about to be rendered. Nothing here is secret: of secrets only fingerprints are known."""

    namespace: str
    tenant: str
    uid: str
    spec: TenantSpec
    """What holds: the tenant's own, the class's, the built-in."""
    version: str
    defaults: OperatorDefaults = field(default_factory=OperatorDefaults)
    offered: frozenset[str] = frozenset()
    """Kinds beyond the built-in ones that the cluster knows, as "Kind.group"."""
    secret_fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Name of each Secret that is used → fingerprint of its content."""

    @property
    def code(self) -> str:
        """The property's code."""
        return self.spec.property.code

    @property
    def image(self) -> str:
        """The apps' image."""
        return f"{self.spec.image.repository or self.defaults.image}:{self.version}"

    @property
    def compact(self) -> bool:
        """The apps share pods."""
        return self.spec.profile == "compact"

    @property
    def suspended(self) -> bool:
        """Closed for the season."""
        return self.spec.suspend.active

    @property
    def public_url(self) -> str:
        """How guests reach it, without a trailing slash."""
        return f"https://{self.spec.host}" if self.spec.host else self._service_url(self.front)

    @property
    def staff_url(self) -> str:
        """How staff reach the dashboard, without a trailing slash. Without a host each app has its own address."""
        apart = not self.spec.host and not self.compact
        return f"{self._service_url(Component.ADMIN) if apart else self.public_url}/admin"

    @property
    def front(self) -> Component:
        """The component that serves the guests' page."""
        return Component.WEB if self.compact and not self.suspended else Component.CHAT

    def _service_url(self, component: Component) -> str:
        """For pods of the same cluster, and for whoever leads a port there."""
        return f"http://{names.object_name(component)}.{self.namespace}:{WEB_PORT}"

    @property
    def key(self) -> str:
        """namespace/name, by which the tenant is queued and remembered (`known.key_of`)."""
        return f"{self.namespace}/{self.tenant}"

    def offers(self, kind: str, group: str) -> bool:
        """The cluster knows the kind."""
        return f"{kind}.{group}" in self.offered

    def labels(self, component: Component | None = None) -> dict[str, str]:
        """What every object carries."""
        common = {
            "app.kubernetes.io/name": "concierge",
            "app.kubernetes.io/instance": self.tenant,
            "app.kubernetes.io/part-of": "concierge",
            names.MANAGED_BY: names.FIELD_MANAGER,
            names.TENANT_UID: self.uid,
            f"{names.DOMAIN}/property": self.code,
        }
        return common | ({names.COMPONENT: component.value} if component else {})

    def manifest(
        self, api_version: str, kind: str, name: str, *, component: Component | None = None, **content: Any
    ) -> Manifest:
        """An object in the tenant's namespace with the usual labels."""
        metadata = {"name": name, "namespace": self.namespace, "labels": self.labels(component)}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}

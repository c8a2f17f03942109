"""The kinds that the operator deals with: how each is named in the API, and what of it is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the API server names it in paths: ("apps", "v1", "Deployment", "deployments")."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As it stands in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def offer(self) -> str:
        """As `Context.offered` names it."""
        return f"{self.kind}.{self.group}"

    def typed(self, live: Mapping[str, Any]) -> dict[str, Any]:
        """The object with its kind: those in a list don't say it."""
        return {**live, "apiVersion": self.api_version, "kind": self.kind}

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Path of the collection, the object, or a part of it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{within}/{self.plural}{tail}"


TENANTS: Final = Resource("concierge.hotel", "v1alpha1", "ConciergeTenant", "conciergetenants")
CLASSES: Final = Resource("concierge.hotel", "v1alpha1", "ConciergeClass", "conciergeclasses", namespaced=False)
SECRETS: Final = Resource("", "v1", "Secret", "secrets")
PODS: Final = Resource("", "v1", "Pod", "pods")
EVENTS: Final = Resource("", "v1", "Event", "events")
LEASES: Final = Resource("coordination.k8s.io", "v1", "Lease", "leases")
DEPLOYMENTS: Final = Resource("apps", "v1", "Deployment", "deployments")

_STATEFUL = (
    DEPLOYMENTS,
    Resource("apps", "v1", "StatefulSet", "statefulsets"),
    Resource("batch", "v1", "Job", "jobs"),
    Resource("batch", "v1", "CronJob", "cronjobs"),
    Resource("networking.k8s.io", "v1", "Ingress", "ingresses"),
    Resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    Resource("postgresql.cnpg.io", "v1", "Cluster", "clusters"),
)
"""Kinds whose status says how the tenant is: watched whole."""

_PLAIN = (
    Resource("", "v1", "ConfigMap", "configmaps"),
    Resource("", "v1", "ServiceAccount", "serviceaccounts"),
    Resource("", "v1", "Service", "services"),
    Resource("", "v1", "ResourceQuota", "resourcequotas"),
    Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    Resource("cert-manager.io", "v1", "Certificate", "certificates"),
    Resource("postgresql.cnpg.io", "v1", "ScheduledBackup", "scheduledbackups"),
    Resource("barmancloud.cnpg.io", "v1", "ObjectStore", "objectstores"),
    Resource("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
)
"""Kinds that only have to be as they were made: of them only the metadata is watched."""

CHILDREN: Final = (*_STATEFUL, *_PLAIN)
_BY_KIND = {(resource.api_version, resource.kind): resource for resource in (*CHILDREN, SECRETS)}
_BUILT_IN = ("", "apps", "batch", "networking.k8s.io", "policy", "autoscaling")


def resource_of(manifest: dict[str, Any]) -> Resource:
    """The kind of this object. Raises `KeyError` for one that is never rendered."""
    return _BY_KIND[manifest["apiVersion"], manifest["kind"]]


def child(kind: str) -> Resource:
    """The kind of this name. Raises `KeyError` for one that is never rendered."""
    return next(resource for resource in CHILDREN if resource.kind == kind)


def whole(resource: Resource) -> bool:
    """Its status matters."""
    return resource in _STATEFUL


def present(offered: frozenset[str]) -> tuple[Resource, ...]:
    """The children's kinds that this cluster knows."""
    return tuple(kind for kind in CHILDREN if kind.group in _BUILT_IN or kind.offer in offered)

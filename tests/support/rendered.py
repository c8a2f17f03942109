"""Tenants as the operator renders them, and ways to look at what came out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.render import Context, Manifest, render

ROOT = Path(__file__).resolve().parents[2]
UID = "11111111-2222-4333-8444-555555555555"
"""Of every tenant that is rendered here."""
MANIFESTS = sorted((ROOT / "manifests").glob("*.yaml"))


def property_of(path: Path) -> ConciergeTenant:
    """The property of this file."""
    return load_tenant_files([path])[0].tenant


def context(tenant: ConciergeTenant, **other: Any) -> Context:
    """As it would be in a cluster that knows every kind."""
    name = tenant.metadata.name
    offered = frozenset({"PodMonitor.monitoring.coreos.com", "Certificate.cert-manager.io"})
    values: dict[str, Any] = {"version": "1.2.3", "offered": offered, **other}
    return Context(namespace=name, tenant=name, uid=UID, spec=tenant.spec, **values)


def small_tenant(**spec: Any) -> ConciergeTenant:
    """The smallest tenant, with these sections."""
    plain = {
        "code": "house",
        "name": "House",
        "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
        "timezone": "Europe/Berlin",
    }
    document = {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeTenant",
        "metadata": {"name": "house"},
        "spec": {"property": plain, **spec},
    }
    return ConciergeTenant.model_validate(document)


def rendered(path: Path, **other: Any) -> list[Manifest]:
    """Every object of the property of this file."""
    return render(context(property_of(path), **other)).all


def by_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Name → object."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pod_templates(manifests: list[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind/name → pod template of everything that makes pods."""
    for manifest in manifests:
        spec = manifest.get("spec", {})
        if manifest["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield f"{manifest['kind']}/{manifest['metadata']['name']}", spec["template"]

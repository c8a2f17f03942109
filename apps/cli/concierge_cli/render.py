"""`concierge render`: print what a property consists of in a cluster, by the very functions that the operator uses."""

from __future__ import annotations

import argparse
import sys
from importlib import metadata

import yaml

from concierge_core.tenant.brand import ConciergeClass
from concierge_core.tenant.class_loader import load_class_file
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files
from concierge_operator.render import Context, Manifest, OperatorDefaults, render
from concierge_operator.resolve import resolve

_NO_UID = "00000000-0000-0000-0000-000000000000"
"""Only a cluster gives objects their uid; this one stands for it in what is printed."""


def run(arguments: argparse.Namespace) -> int:
    """Print every object of every property as YAML documents, in the order in which they are applied: 0."""
    brand = load_class_file(arguments.brand) if arguments.brand else None
    for loaded in load_tenant_files(arguments.files):
        manifests = _rendered(loaded, brand, arguments)
        sys.stdout.write(yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True, explicit_start=True))
    return 0


def _rendered(loaded: LoadedTenant, brand: ConciergeClass | None, arguments: argparse.Namespace) -> list[Manifest]:
    document = loaded.tenant.model_dump(by_alias=True, exclude_unset=True, mode="json")
    tenant = resolve(document, brand).tenant
    name = tenant.metadata.name
    version = tenant.spec.version or arguments.image_version or (brand and brand.spec.version)
    context = Context(
        namespace=tenant.metadata.namespace or arguments.namespace or name,
        tenant=name,
        uid=_NO_UID,
        spec=tenant.spec,
        version=version or metadata.version("concierge"),
        defaults=OperatorDefaults(),
        offered=frozenset(arguments.offered),
    )
    return render(context).all

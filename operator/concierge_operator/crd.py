"""The CustomResourceDefinitions, made from the typed models. `python -m concierge_operator.crd FOLDER` writes them.

The schema is structural and strict. Defaults are left out on purpose (`concierge_core.tenant.schema` says why); rules
that need more than one field are CEL (`concierge_operator.rules`) and are checked again when a tenant is reconciled.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from concierge_core.tenant.brand import CLASS_KIND, ConciergeClass
from concierge_core.tenant.model import API_VERSION, KIND, ConciergeTenant
from concierge_core.tenant.schema import crd_openapi_schema, inlined_schema
from concierge_operator.crd_words import add_words
from concierge_operator.rules import CLASS_RULES, TENANT_LISTS, TENANT_RULES, ListType, Rule
from concierge_operator.status_model import ClassStatus, TenantStatus

GROUP, VERSION = API_VERSION.split("/")
CONDITION_LIST: dict[str, ListType] = {"status.conditions": ("map", ("type",))}

_READY = '.status.conditions[?(@.type=="Ready")]'
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
_TENANT_COLUMNS: list[dict[str, Any]] = [
    {"name": "Ready", "type": "string", "jsonPath": f"{_READY}.status"},
    {"name": "Reason", "type": "string", "jsonPath": f"{_READY}.reason"},
    {"name": "Version", "type": "string", "jsonPath": ".status.version"},
    {"name": "URL", "type": "string", "jsonPath": ".status.endpoints.guest"},
    {"name": "Property", "type": "string", "jsonPath": ".spec.property.name", "priority": 1},
    {"name": "Class", "type": "string", "jsonPath": ".spec.classRef.name", "priority": 1},
    {"name": "Message", "type": "string", "jsonPath": f"{_READY}.message", "priority": 1},
    _AGE,
]
_CLASS_COLUMNS: list[dict[str, Any]] = [
    {"name": "Version", "type": "string", "jsonPath": ".status.version"},
    {"name": "Updated", "type": "integer", "jsonPath": ".status.updated"},
    {"name": "Tenants", "type": "integer", "jsonPath": ".status.tenants"},
    {"name": "Wave", "type": "integer", "jsonPath": ".status.wave"},
    {"name": "Stopped by", "type": "string", "jsonPath": ".status.stoppedBy"},
    _AGE,
]


def tenant_crd() -> dict[str, Any]:
    """`conciergetenants.concierge.hotel`."""
    names = {
        "kind": KIND,
        "listKind": f"{KIND}List",
        "plural": "conciergetenants",
        "singular": "conciergetenant",
        "shortNames": ["ct"],
        "categories": ["concierge"],
    }
    schema = _schema(ConciergeTenant, TenantStatus, TENANT_RULES, {**TENANT_LISTS, **CONDITION_LIST})
    return _definition(names, "Namespaced", schema, _TENANT_COLUMNS)


def class_crd() -> dict[str, Any]:
    """`conciergeclasses.concierge.hotel`."""
    names = {
        "kind": CLASS_KIND,
        "listKind": f"{CLASS_KIND}List",
        "plural": "conciergeclasses",
        "singular": "conciergeclass",
        "shortNames": ["cc"],
        "categories": ["concierge"],
    }
    schema = _schema(ConciergeClass, ClassStatus, CLASS_RULES, CONDITION_LIST)
    return _definition(names, "Cluster", schema, _CLASS_COLUMNS)


def _definition(
    names: dict[str, Any], scope: str, schema: dict[str, Any], columns: list[dict[str, Any]]
) -> dict[str, Any]:
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{GROUP}"},
        "spec": {"group": GROUP, "scope": scope, "names": names, "versions": [version]},
    }


def _schema(
    model: type[BaseModel], status: type[BaseModel], rules: tuple[Rule, ...], lists: dict[str, ListType]
) -> dict[str, Any]:
    schema = copy.deepcopy(crd_openapi_schema(model))
    add_words(schema["properties"]["spec"], inlined_schema(model)["properties"]["spec"], "spec")
    schema["properties"]["status"] = _without_defaults(inlined_schema(status))
    for path, (kind, keys) in lists.items():
        node = _at(schema, path)
        node["x-kubernetes-list-type"] = kind
        if keys:
            node["x-kubernetes-list-map-keys"] = list(keys)
    for rule in rules:
        _at(schema, rule.path).setdefault("x-kubernetes-validations", []).append(rule.as_validation())
    return schema


def _at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The node of a dotted path, "" for all of it; `[]` steps into a list's items."""
    node = schema
    for step in filter(None, path.split(".")):
        node = node["properties"][step.removesuffix("[]")]
        if step.endswith("[]"):
            node = node["items"]
    return node


def _without_defaults(node: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in node.items() if key not in ("default", "x-model")}
    if "properties" in plain:
        plain["properties"] = {name: _without_defaults(part) for name, part in plain["properties"].items()}
    if "items" in plain:
        plain["items"] = _without_defaults(plain["items"])
    return plain


def as_yaml(definition: dict[str, Any]) -> str:
    """The file's text."""
    head = "# Made from the typed model: python -m concierge_operator.crd charts/concierge/files/crds\n"
    return head + yaml.safe_dump(definition, sort_keys=False, allow_unicode=True, width=120)


def files() -> dict[str, str]:
    """File name and text of each definition."""
    return {"conciergetenants.yaml": as_yaml(tenant_crd()), "conciergeclasses.yaml": as_yaml(class_crd())}


def main() -> None:
    """Write the files into the folder that is named."""
    for name, text in files().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

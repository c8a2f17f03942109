"""The model as a structural OpenAPI v3 schema, as a CustomResourceDefinition wants it.

Defaults are left out on purpose: a default that the API server writes into the object would look as if the tenant had
declared it, and no value of the brand's ConciergeClass could ever apply.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from concierge_core.tenant.model import ConciergeTenant

_KEPT = (
    "description",
    "type",
    "format",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "x-kubernetes-preserve-unknown-fields",
    "x-model",
)


def crd_openapi_schema(model: type[BaseModel] = ConciergeTenant) -> dict[str, Any]:
    """Schema of the whole object (apiVersion, kind, metadata, spec), without $ref, anyOf, titles and defaults."""
    schema = inlined_schema(model)
    properties = schema["properties"]
    # The API server owns metadata; a CRD may only say that it is an object.
    properties["metadata"] = {"type": "object"}
    for name in ("apiVersion", "kind"):
        properties[name] = {"type": "string", "description": properties[name]["description"]}
    return _bare(schema)


def inlined_schema(model: type[BaseModel] = ConciergeTenant) -> dict[str, Any]:
    """As `crd_openapi_schema`, with defaults, our own view of metadata, and each section's class as `x-model`."""
    raw = model.model_json_schema(by_alias=True)
    schema: dict[str, Any] = _structural(raw, raw.get("$defs", {}))
    return schema


def _structural(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    node = _resolved(node, definitions)
    plain = {key: node[key] for key in _KEPT if key in node}
    if "default" in node and node["default"] is not None:
        plain["default"] = node["default"]
    if "const" in node:
        plain["enum"] = [node["const"]]
    if "properties" in node:
        plain["properties"] = {name: _structural(part, definitions) for name, part in node["properties"].items()}
    if "patternProperties" in node:
        # A structural schema has no patterns for names; the model checks them again.
        (values,) = node["patternProperties"].values()
        plain["additionalProperties"] = _structural(values, definitions)
    elif isinstance(node.get("additionalProperties"), dict):
        plain["additionalProperties"] = _structural(node["additionalProperties"], definitions)
    if "items" in node:
        plain["items"] = _structural(node["items"], definitions)
    return plain


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Without $ref and without "or null"; what the field itself says wins over its type's description."""
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        own = {key: value for key, value in node.items() if key != "$ref"}
        return _resolved({**target, **own, "x-model": target.get("title")}, definitions)
    if "anyOf" in node:
        options = [option for option in node["anyOf"] if option.get("type") != "null"]
        if len(options) != 1:
            raise TypeError(f"a structural schema cannot offer a choice: {node}")
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return _resolved({**options[0], **rest}, definitions)
    return node


def _bare(node: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in node.items() if key not in ("default", "x-model")}
    if "properties" in plain:
        plain["properties"] = {name: _bare(part) for name, part in plain["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in plain:
            plain[key] = _bare(plain[key])
    return plain

"""The model as a CRD schema, and as a page for people: both always say what the model says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concierge_core.tenant.explain import fields, reference
from concierge_core.tenant.schema import crd_openapi_schema

ROOT = Path(__file__).resolve().parents[3]
ALLOWED = {
    "description", "type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems",
    "maxItems", "minProperties", "maxProperties", "required", "properties", "items", "additionalProperties",
    "x-kubernetes-preserve-unknown-fields",
}  # fmt: skip


def nodes(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, part in node.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from nodes(node[key], f"{path}[{key}]")


def test_the_crd_schema_is_structural() -> None:
    for path, node in nodes(crd_openapi_schema(), "$"):
        assert set(node) <= ALLOWED, path
        assert node.get("type") in {"object", "array", "string", "integer", "number", "boolean"} or node.get(
            "x-kubernetes-preserve-unknown-fields"
        ), path
        assert not ("properties" in node and "additionalProperties" in node), path
        assert set(node.get("required", ())) <= set(node.get("properties", {})), path
        assert node.get("type") != "array" or "items" in node, path


def test_texts_per_language_reach_the_crd_schema() -> None:
    chat = crd_openapi_schema()["properties"]["spec"]["properties"]["chat"]["properties"]

    assert chat["greeting"]["additionalProperties"]["type"] == "string"
    assert chat["quickReplies"]["additionalProperties"]["items"]["maxLength"] == 60


def test_the_crd_schema_leaves_metadata_to_the_api_server() -> None:
    schema = crd_openapi_schema()
    assert schema["properties"]["metadata"] == {"type": "object"}
    assert set(schema["properties"]) == {"apiVersion", "kind", "metadata", "spec"}
    assert schema["required"] == ["metadata", "spec"]


def test_limits_reach_the_crd_schema() -> None:
    spec = crd_openapi_schema()["properties"]["spec"]["properties"]
    accept = spec["chat"]["properties"]["handoff"]["properties"]["acceptWithinSeconds"]
    assert (accept["type"], accept["minimum"], accept["maximum"]) == ("integer", 15, 3600)
    assert spec["postgres"]["properties"]["mode"]["enum"] == ["managed", "external", "cloudnativepg"]
    assert spec["property"]["required"] == ["code", "name", "address", "timezone"]


def test_every_field_is_explained_in_a_sentence() -> None:
    assert not [field.path for field in fields() if not field.meaning.endswith((".", ")"))]


def test_the_reference_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "tenant.md").read_text("utf-8")
    assert page == reference(), "run: python -m concierge_core.tenant.explain > docs/tenant.md"


def test_the_reference_page_has_each_field_once() -> None:
    rows = [line.split("`")[1] for line in reference().splitlines() if line.startswith("| `")]
    own = [field.path for field in fields() if not field.shared]
    assert set(own) <= set(rows)
    assert len(rows) == len(set(rows)) + sum(rows.count(row) - 1 for row in set(rows) if "." not in row)

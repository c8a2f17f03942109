"""The definitions say what the model says, and the files in the chart are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from concierge_core.tenant.cluster import Redis, Storage
from concierge_operator.crd import class_crd, files, tenant_crd
from concierge_operator.rules import CLASS_RULES, DEFAULT_REDIS, DEFAULT_STORAGE, TENANT_RULES

ROOT = Path(__file__).resolve().parents[3]


def schema(definition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def nodes(node: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, part in node.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from nodes(node[key], f"{path}[]")


@pytest.mark.parametrize("name", sorted(files()))
def test_the_charts_definitions_are_those_of_the_model(name: str) -> None:
    written = (ROOT / "charts" / "concierge" / "files" / "crds" / name).read_text(encoding="utf-8")

    assert written == files()[name], "run: python -m concierge_operator.crd charts/concierge/files/crds"


@pytest.mark.parametrize("definition", [tenant_crd(), class_crd()], ids=["tenant", "class"])
def test_every_field_is_described(definition: dict[str, Any]) -> None:
    top = {"$", "$.metadata", "$.spec", "$.status"}
    silent = [p for p, node in nodes(schema(definition)) if not node.get("description") and p not in top]

    assert not [p for p in silent if not p.endswith("[]")]


def test_kubectl_explain_says_defaults_and_what_this_version_does_not_use() -> None:
    tenant = dict(nodes(schema(tenant_crd())))
    brand = dict(nodes(schema(class_crd())))

    assert tenant["$.spec.backup.schedule"]["description"].endswith('Default: "30 3 * * *".')
    assert tenant["$.spec.messaging"]["description"].endswith("Not used by this version.")
    assert "Not used by this version." in brand["$.spec.defaults.ai.tools.tableBooking"]["description"]
    assert "Default" not in tenant["$.spec.property.name"]["description"]


@pytest.mark.parametrize("definition", [tenant_crd(), class_crd()], ids=["tenant", "class"])
def test_nothing_in_the_spec_is_without_a_bound(definition: dict[str, Any]) -> None:
    lists = [p for p, node in nodes(schema(definition)["properties"]["spec"]) if node.get("type") == "array"]
    unbounded = [
        p
        for p, node in nodes(schema(definition)["properties"]["spec"])
        if node.get("type") == "array" and "maxItems" not in node
    ]

    assert lists
    assert not unbounded


@pytest.mark.parametrize("rule", [*TENANT_RULES, *CLASS_RULES], ids=lambda r: r.path)
def test_every_refusal_says_what_to_do(rule: Any) -> None:
    assert rule.message.endswith(".")
    assert len(rule.message) > 20


def test_a_tenant_has_a_short_name_columns_and_a_status_of_its_own() -> None:
    spec = tenant_crd()["spec"]
    version = spec["versions"][0]

    assert spec["names"]["shortNames"] == ["ct"]
    assert [c["name"] for c in version["additionalPrinterColumns"] if not c.get("priority")] == [
        "Ready", "Reason", "Version", "URL", "Age",
    ]  # fmt: skip
    assert version["subresources"] == {"status": {}}


def test_the_rules_reckon_with_the_models_own_defaults() -> None:
    assert (Storage().size, Redis().memory) == (DEFAULT_STORAGE, DEFAULT_REDIS)

"""No field of the YAML is passed over in silence: somebody reads it, or the documents say that nobody does yet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from concierge_core.tenant.explain import fields, reference
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.tenant.reach import CLUSTER, LATER, reach_of, unmet, unused
from concierge_core.tenant.values import SecretRef
from field_readers import read_fields, section_in

ROOT = Path(__file__).parents[3]
CHECKED_AT_ONCE = {"apiVersion", "kind", "metadata"}  # the loader looks at them before there is a model


@cache
def readers() -> set[tuple[str, str]]:
    return read_fields(ROOT / "apps")


def owner_and_name(path: str) -> tuple[str, str]:
    """Class and name of the field at a documented path."""
    section: type[BaseModel] = ConciergeTenant
    name = ""
    for step in path.replace("[]", "").replace(".<name>", "").split("."):
        if name:
            section = section_in(section.model_fields[name].annotation) or SecretRef
        name = next(name for name, info in section.model_fields.items() if info.alias == step)
    return section.__name__, name


def test_every_field_is_read_or_listed_as_the_clusters_or_a_later_versions() -> None:
    silent = [
        field.path
        for field in fields()
        if not reach_of(field.path)
        and field.path not in CHECKED_AT_ONCE
        and owner_and_name(field.path) not in readers()
    ]

    assert silent == []


@pytest.mark.parametrize("path", [*CLUSTER, *LATER])
def test_what_is_listed_as_unread_is_read_by_nobody(path: str) -> None:
    assert owner_and_name(path) not in readers(), f"{path} is read now: take it out of reach.py"


def test_the_page_says_which_fields_count_where() -> None:
    page = reference()

    (urls,) = [line for line in page.splitlines() if line.startswith("| `spec.knowledge.urls` |")]
    assert urls.endswith("Not used by this version. |")
    (host,) = [line for line in page.splitlines() if line.startswith("| `spec.host` |")]
    assert host.endswith("Cluster only. |")


def test_a_tenant_that_hopes_for_more_is_told_in_a_sentence() -> None:
    (complete,) = load_tenant_files([ROOT / "manifests" / "complete.yaml"])
    (minimal,) = load_tenant_files([ROOT / "manifests" / "minimal.yaml"])

    assert unused(minimal.tenant) == []
    assert {"spec.knowledge.urls", "spec.property.rooms"} <= set(unused(complete.tenant))
    assert (
        "spec.knowledge.urls is not used by this version: web pages are not read, so write what they say as articles"
        in unmet(complete.tenant)
    )
    assert not [sentence for sentence in unmet(complete.tenant) if "rooms" in sentence]

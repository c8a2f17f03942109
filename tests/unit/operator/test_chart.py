"""The chart's files agree with the code, with each other and with the documents. What helm makes of them is in
tests/cluster/test_chart.py."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_core.tenant.brand import ConciergeClass
from concierge_operator.crd import files
from concierge_operator.settings import OperatorSettings
from rendered import ROOT

CHART = ROOT / "charts" / "concierge"
VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
# Not for the chart: a pod has its own account, port and listener.
NOT_IN_THE_CHART = {"kubeconfig", "listen_host", "port"}


def read(*parts: str) -> Any:
    """A YAML or JSON file of the chart."""
    return yaml.safe_load(CHART.joinpath(*parts).read_text(encoding="utf-8"))


def test_the_charts_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = read("Chart.yaml")

    assert (chart["version"], chart["appVersion"]) == (project["version"], project["version"])


def test_every_setting_of_the_operator_is_filled_in_and_no_other() -> None:
    template = (CHART / "templates" / "_environment.tpl").read_text(encoding="utf-8")
    given = {name.lower() for name in re.findall(r"CONCIERGE_OPERATOR_([A-Z_]+)", template)}

    assert given == set(OperatorSettings.model_fields) - NOT_IN_THE_CHART


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("workers", "operator.workers"),
        ("requests_at_once", "operator.requestsAtOnce"),
        ("resync_seconds", "operator.resyncSeconds"),
        ("lease_seconds", "operator.leaseSeconds"),
        ("renew_deadline_seconds", "operator.renewDeadlineSeconds"),
        ("retry_seconds", "operator.retrySeconds"),
        ("answer_seconds", "operator.answerSeconds"),
        ("watch_silence_seconds", "operator.watchSilenceSeconds"),
        ("log_level", "operator.logLevel"),
        ("log_format", "operator.logFormat"),
        ("image", "image.repository"),
        ("postgres_image", "tenants.postgresImage"),
        ("redis_image", "tenants.redisImage"),
        ("cnpg_image", "tenants.cnpgImage"),
        ("dns_namespace", "cluster.dnsNamespace"),
        ("dns_ports", "cluster.dnsPorts"),
        ("dns_cidrs", "cluster.dnsCidrs"),
        ("gateway_namespaces", "cluster.gatewayNamespaces"),
        ("gateway_cidrs", "cluster.gatewayCidrs"),
        ("cnpg_namespace", "cluster.cnpgNamespace"),
        ("monitoring_namespaces", "cluster.monitoringNamespaces"),
    ],
)
def test_a_value_left_alone_is_the_operators_own_default(setting: str, place: str) -> None:
    section, key = place.split(".")
    value = read("values.yaml")[section][key]

    written = ",".join(map(str, value)) if isinstance(value, list) else value

    assert written == OperatorSettings.model_fields[setting].default


def test_every_value_is_commented() -> None:
    lines = VALUES.splitlines()
    silent = [
        line
        for before, line, after in zip(lines, lines[1:], lines[2:], strict=False)
        if re.match(r" *[A-Za-z]+:", line)
        and not any(beside.lstrip().startswith("#") for beside in (before, after))
        and line.split(":")[0].strip() not in EXPLAINED_TOGETHER
    ]

    assert not silent


# Their neighbour explains them too.
EXPLAINED_TOGETHER = {"tolerations", "requests", "limits", "cpu", "memory"}


def described(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Paths of all values that the schema has by name."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from described(part, f"{path}.{name}")


def given(values: dict[str, Any], schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Paths of all values, down to where names are the reader's own."""
    for name, value in values.items():
        yield f"{path}.{name}"
        part = schema.get("properties", {}).get(name, {})
        if isinstance(value, dict) and "properties" in part:
            yield from given(value, part, f"{path}.{name}")


def test_values_and_schema_name_the_same() -> None:
    schema = read("values.schema.json")
    parts_of_containers = {".resources.claims", ".global"}

    assert set(given(read("values.yaml"), schema)) == set(described(schema)) - parts_of_containers


def test_the_schema_refuses_every_name_that_it_does_not_know() -> None:
    def open_sections(schema: dict[str, Any], path: str) -> Iterator[str]:
        if schema.get("properties") and schema.get("additionalProperties") is not False:
            yield path
        for name, part in schema.get("properties", {}).items():
            yield from open_sections(part, f"{path}.{name}")

    assert list(open_sections(read("values.schema.json"), "")) == []


@pytest.mark.parametrize("name", sorted(files()))
def test_a_definition_has_one_place_for_what_the_chart_adds(name: str) -> None:
    text = (CHART / "files" / "crds" / name).read_text(encoding="utf-8")

    assert text.count("\nmetadata:\n") == 1
    assert "annotations" not in yaml.safe_load(text)["metadata"]


def test_the_notes_say_the_next_steps() -> None:
    notes = (CHART / "templates" / "NOTES.txt").read_text(encoding="utf-8")

    assert all(
        step in notes
        for step in ("apply --server-side -f manifests/", "kubectl get ct", "port-forward", "docs/operator.md")
    )


# --- documents --------------------------------------------------------------------------------------------------------

PAGES = [ROOT / "docs" / name for name in ("operator.md", "runbook.md")] + [CHART / "templates" / "NOTES.txt"]
OF_THE_CHART_ONLY = ("cluster", "crds", "metrics", "networkPolicy", "operator", "rbac", "tenants")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_value_that_a_document_names_is_one_of_the_chart(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(rf"\b((?:{'|'.join(OF_THE_CHART_ONLY)})\.[a-z]\w*(?:\.\w+)*)(?!\w*[/(])", text))
    known = {path.removeprefix(".") for path in described(read("values.schema.json"))}

    assert named - known - {"operator.md", "cluster.md"} == set()


def test_the_class_in_the_operators_page_is_one_that_can_be_applied() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGES[0].read_text(encoding="utf-8"), re.DOTALL)

    assert ConciergeClass.model_validate(yaml.safe_load(block)).spec.rollout.max_concurrent == 5


# --- skaffold ---------------------------------------------------------------------------------------------------------

# Field names of skaffold's own schema, v4beta13: everything that this repository uses of it.
SKAFFOLD = {
    "": {"apiVersion", "kind", "metadata", "build", "deploy", "portForward"},
    "build": {"artifacts", "tagPolicy", "local"},
    "build.artifacts": {"image", "context", "docker"},
    "build.artifacts.docker": {"dockerfile", "buildArgs"},
    "build.local": {"push", "useBuildkit"},
    "deploy": {"helm"},
    "deploy.helm": {"releases"},
    "deploy.helm.releases": {
        "name", "chartPath", "namespace", "createNamespace", "wait", "setValues", "setValueTemplates",
    },
    "portForward": {"resourceType", "resourceName", "namespace", "port", "localPort"},
}  # fmt: skip


def at(document: Any, path: str) -> list[dict[str, Any]]:
    """All objects at the dotted path, through lists."""
    found = [document]
    for step in filter(None, path.split(".")):
        found = [part for one in found for part in _listed(one[step])]
    return found


def _listed(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node]


def test_skaffold_is_told_in_its_own_words() -> None:
    loop = yaml.safe_load((ROOT / "skaffold.yaml").read_text(encoding="utf-8"))

    assert loop["apiVersion"] == "skaffold/v4beta13"
    assert {path: {key for one in at(loop, path) for key in one} - names for path, names in SKAFFOLD.items()} == {
        path: set() for path in SKAFFOLD
    }


def test_skaffold_builds_the_dockerfile_and_gives_the_chart_values_that_it_knows() -> None:
    loop = yaml.safe_load((ROOT / "skaffold.yaml").read_text(encoding="utf-8"))
    (artifact,) = at(loop, "build.artifacts")
    (release,) = at(loop, "deploy.helm.releases")
    values = {f".{path}" for path in [*release["setValues"], *release["setValueTemplates"]]}

    assert (ROOT / artifact["context"] / artifact["docker"]["dockerfile"]).is_file()
    assert (ROOT / release["chartPath"] / "Chart.yaml").is_file()
    assert values <= set(described(read("values.schema.json")))
    assert all(f"_{artifact['image']}}}}}" in text for text in release["setValueTemplates"].values())


# --- dashboards -------------------------------------------------------------------------------------------------------


def dashboards() -> dict[str, dict[str, Any]]:
    """Name → dashboard."""
    found = sorted((CHART / "files" / "dashboards").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in found}


@pytest.mark.parametrize("name", dashboards())
def test_every_panel_of_a_dashboard_has_a_title_a_place_of_its_own_and_a_query(name: str) -> None:
    panels = dashboards()[name]["panels"]
    taken = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken)), "panels lie over each other"
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and (panel["type"] == "row" or panel["targets"]) for panel in panels)

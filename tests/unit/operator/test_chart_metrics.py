"""Dashboards and alerts ask for metrics that the code exports, by labels that these metrics have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from concierge_core import metrics
from concierge_operator import meters
from rendered import ROOT

CHART = ROOT / "charts" / "concierge"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
# What Prometheus adds when it reads a pod, and what its client library exports of every process.
ADDED = {"namespace", "instance", "pod"}
OF_EVERY_PROCESS: dict[str, set[str]] = {"process_resident_memory_bytes": set(), "process_cpu_seconds_total": set()}
FUNCTIONS = {
    "sum", "max", "min", "count", "rate", "increase", "histogram_quantile", "absent", "scalar", "vector", "sort_desc",
    "min_over_time", "by", "on", "and", "or", "unless", "le",
}  # fmt: skip


def exported_by(module: ModuleType) -> dict[str, set[str]]:
    """Series → its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(module).values():
        if isinstance(metric, MetricWrapperBase):
            found |= dict(series(metric))
        elif hasattr(metric, "collect") and not isinstance(metric, type | CollectorRegistry):
            found |= {family.name: set(family._labelnames) for family in metric.collect()}
    return found


def series(metric: MetricWrapperBase) -> Iterator[tuple[str, set[str]]]:
    """What one metric is on the page."""
    name, labels = metric.describe()[0].name, set(metric._labelnames)
    if isinstance(metric, Counter):
        yield f"{name}_total", labels
    elif isinstance(metric, Histogram):
        yield from (
            (f"{name}{part}", labels | {"le"} if part == "_bucket" else labels) for part in ("_bucket", "_count")
        )
    elif isinstance(metric, Gauge):
        yield name, labels


def rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    groups = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(name: str) -> list[dict[str, Any]]:
    """Every panel of a dashboard that asks something."""
    text = (CHART / "files" / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
    return [panel for panel in json.loads(text)["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """Where → PromQL."""
    found = {rule["alert"]: rule["expr"] for rule in rules()}
    for name in ("operator", "property"):
        for panel in panels(name):
            found |= {f"{name}: {panel['title']} {t['refId']}": t["expr"] for t in panel["targets"]}
    return found


def names(query: str) -> set[str]:
    """The metrics that a query names."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(by|on) \([^)]*\)", " ", query)
    return set(re.findall(r"(?<![$\w])[a-z_][a-z_0-9]+\b", bare)) - FUNCTIONS


def labels(query: str) -> set[str]:
    """The labels that a query names."""
    matched = [
        name for part in re.findall(r"\{([^}]*)\}", query) for name in re.findall(r"(\w+) *(?:=|!=|=~|!~)", part)
    ]
    grouped = [name.strip() for part in re.findall(r"\b(?:by|on) \(([^)]*)\)", query) for name in part.split(",")]
    return {*matched, *grouped}


@pytest.mark.parametrize("place", queries())
def test_what_is_asked_for_is_exported_with_these_labels(place: str) -> None:
    query, known = queries()[place], OF_EVERY_PROCESS | exported_by(metrics) | exported_by(meters)

    assert names(query), "no metric is named"
    assert names(query) <= set(known), place
    assert labels(query) <= ADDED | set().union(*(known[name] for name in names(query))), place


def test_a_hotels_dashboard_has_what_its_people_ask_for() -> None:
    asked = {name for panel in panels("property") for target in panel["targets"] for name in names(target["expr"])}

    assert asked >= {
        "concierge_messages_total",
        "concierge_turns_total",
        "concierge_handoffs_total",
        "concierge_first_sentence_seconds_bucket",
        "concierge_model_tokens_total",
        "concierge_work_waiting",
    }


def test_the_operators_dashboard_has_everything_that_the_operator_exports() -> None:
    asked = {name for panel in panels("operator") for target in panel["targets"] for name in names(target["expr"])}

    assert {name for name in exported_by(meters) if not name.endswith("_count")} <= asked


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_and_where_the_remedy_is(rule: dict[str, Any]) -> None:
    words = rule["annotations"]

    assert set(words) == {"summary", "description", "runbook"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert words["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert f"\n## {rule['alert']}\n" in RUNBOOK


def test_the_runbook_has_no_section_for_an_alert_that_is_gone() -> None:
    sections = {heading for heading in re.findall(r"\n## (\w+)\n", RUNBOOK) if heading.startswith("Concierge")}

    assert sections == {rule["alert"] for rule in rules()}

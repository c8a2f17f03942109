"""What Prometheus itself says of the chart's alerts and of what the dashboards ask."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from helm import CHART, Helm
from kubernetes_binaries import tool
from rendered import by_kind

STORIES = sorted((Path(__file__).parent / "alerts").glob("*.yaml"))
ALERTS = CHART / "files" / "alerts.yaml"
ASKED = {"$namespace": "rugen", "$price_input": "1", "$price_output": "1"}


def promtool(*arguments: str) -> str:
    """What promtool prints; an error of its is the test's."""
    done = subprocess.run(
        [str(tool("promtool")), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_every_rule_is_accepted() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_alerts_fire_when_they_should_and_at_no_other_time(story: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", str(story))


def test_every_alert_has_its_story() -> None:
    told = "".join(story.read_text(encoding="utf-8") for story in STORIES)
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]

    assert [rule["alert"] for group in groups for rule in group["rules"] if rule["alert"] not in told] == []


def test_every_query_of_a_dashboard_can_be_asked(tmp_path: Path) -> None:
    records = []
    for path in sorted((CHART / "files" / "dashboards").glob("*.json")):
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        for number, target in enumerate(target for panel in panels for target in panel.get("targets", ())):
            query = re.sub(r"\$\w+", lambda found: ASKED[found[0]], target["expr"])
            records.append({"record": f"{path.stem}:{number}", "expr": query})
    asked = tmp_path / "asked.yaml"
    asked.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": records}]}), encoding="utf-8")

    assert f"{len(records)} rules found" in promtool("check", "rules", str(asked))


def test_an_alert_leads_to_its_page_where_the_documents_place_is_named(tmp_path: Path) -> None:
    place = "https://git.example/concierge/blob/main"
    values = {"metrics": {"alerts": {"enabled": True, "documents": f"{place}/"}}}
    (made,) = by_kind(Helm(tmp_path / "helm").objects(values), "PrometheusRule").values()
    alerts = [rule for group in made["spec"]["groups"] for rule in group["rules"]]

    for alert in alerts:
        page = f"{place}/docs/runbook.md#{alert['alert'].lower()}"
        assert alert["annotations"]["runbook_url"] == page
        assert "runbook" not in alert["annotations"]

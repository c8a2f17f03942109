"""helm, as a platform engineer runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kubernetes_binaries import tool
from rendered import ROOT

CHART = ROOT / "charts" / "concierge"
NAMESPACE = "concierge-system"


@dataclass(frozen=True)
class Helm:
    """`folder` holds what helm would otherwise keep in the user's home."""

    folder: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str, check: bool = True) -> str:
        """What helm prints, errors included."""
        places = {f"HELM_{kind}_HOME": str(self.folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        reach = {"KUBECONFIG": str(self.kubeconfig)} if self.kubeconfig else {"KUBECONFIG": os.devnull}
        done = subprocess.run(
            [str(tool("helm")), "--namespace", NAMESPACE, *arguments],
            env={**os.environ, **places, **reach},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def template(self, values: dict[str, Any], *, check: bool = True) -> str:
        """The chart's objects with these values, as text."""
        return self.run("template", "concierge", str(CHART), "--values", str(self.written(values)), check=check)

    def objects(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        """The chart's objects with these values."""
        return [made for made in yaml.safe_load_all(self.template(values)) if made]

    def written(self, values: dict[str, Any]) -> Path:
        """The values in a file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "values.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        return path


def previous_chart(folder: Path) -> Path:
    """The chart as a version before: another number, and definitions and rights that lack what came since."""
    older = Path(shutil.copytree(CHART, folder / "concierge"))
    _rewrite(older / "Chart.yaml", lambda chart: chart.update(version="0.0.9", appVersion="0.0.9"))
    _rewrite(older / "files" / "crds" / "conciergetenants.yaml", _without_suspend, first="# older\n")
    _rewrite(older / "files" / "rules.yaml", _without_reading_events)
    return older


def _without_suspend(tenants: dict[str, Any]) -> None:
    del tenants["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["suspend"]


def _without_reading_events(rules: dict[str, Any]) -> None:
    (events,) = (rule for rule in rules["everywhere"] if rule["resources"] == ["events"])
    events["verbs"].remove("list")


def _rewrite(path: Path, change: Callable[[dict[str, Any]], object], *, first: str = "") -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(first + yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

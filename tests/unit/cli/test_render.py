"""`concierge render` prints what the operator would apply, for one property or many, under a brand's class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_cli.main import main
from rendered import MANIFESTS, ROOT

MINIMAL = ROOT / "manifests" / "minimal.yaml"
BRAND = """
apiVersion: concierge.hotel/v1alpha1
kind: ConciergeClass
metadata: {name: strand-hotels}
spec:
  version: "2.0.0"
  defaults:
    ai: {model: gemini-brand}
    resources: {ai: {limits: {memory: 2Gi}}}
"""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    with pytest.raises(SystemExit) as left:
        main(["render", *arguments])
    assert left.value.code == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def container(manifests: list[dict[str, Any]], name: str) -> dict[str, Any]:
    found = next(m for m in manifests if m["kind"] == "Deployment" and m["metadata"]["name"] == name)
    first: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]
    return first


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_every_property_is_printed_whole(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = {m["kind"] for m in printed(capsys, "-f", str(path))}

    assert kinds >= {"Deployment", "Service", "NetworkPolicy", "ConfigMap", "Job", "ServiceAccount"}


def test_the_class_fills_in_what_the_property_does_not_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brand = tmp_path / "brand.yaml"
    brand.write_text(BRAND, encoding="utf-8")
    plain = printed(capsys, "-f", str(MINIMAL), "--image-version", "1.0.0")
    under = printed(capsys, "-f", str(MINIMAL), "--class", str(brand))

    assert container(plain, "concierge-ai")["image"].endswith(":1.0.0")
    assert container(under, "concierge-ai")["image"].endswith(":2.0.0")
    assert container(under, "concierge-ai")["resources"]["limits"]["memory"] == "2Gi"
    tenant = next(m for m in under if m["metadata"]["name"].startswith("concierge-tenant-"))
    assert '"model": "gemini-brand"' in tenant["data"]["tenant.yaml"]


def test_kinds_that_the_cluster_does_not_know_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    without = {m["kind"] for m in printed(capsys, "-f", str(MINIMAL))}
    offered = {m["kind"] for m in printed(capsys, "-f", str(MINIMAL), "--offers", "PodMonitor.monitoring.coreos.com")}

    assert offered - without == {"PodMonitor"}


def test_a_class_with_a_mistake_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brand = tmp_path / "brand.yaml"
    brand.write_text(BRAND.replace("  version", "  rollout: {waves: [50]}\n  version"), encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["render", "-f", str(MINIMAL), "--class", str(brand)])

    assert left.value.code == 2
    assert "spec.rollout.waves: must rise, and end with 100" in capsys.readouterr().err

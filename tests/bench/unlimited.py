"""The minimal property, without the limits that would stop a benchmark."""

from __future__ import annotations

from pathlib import Path

import yaml

from running_house import ROOT


def unlimited_manifest(folder: Path) -> Path:
    """Its YAML, written into the folder."""
    documents = list(yaml.safe_load_all((ROOT / "manifests" / "minimal.yaml").read_text(encoding="utf-8")))
    documents[0]["spec"].setdefault("chat", {})["limits"] = {
        "messagesPerMinutePerSession": 600,
        "messagesPerMinutePerProperty": 6000,
        "messagesPerMinutePerAddress": 6000,
        "connectionsPerAddress": 10_000,
    }
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return path

"""Where the verbs find the cluster, and what they say when they are not told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_cli.kubeconfig import Way, way_to_cluster
from concierge_cli.main import main
from concierge_core.errors import InvalidInput


def written(path: Path, **other: Any) -> Path:
    """A kubeconfig with one context."""
    context = {"cluster": "here", "user": "me", "namespace": "strandhaus"}
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "me", "user": {"token": "t"}}],
        "contexts": [{"name": "first", "context": context}],
        "current-context": "first",
        **other,
    }
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return path


def test_the_file_that_is_named_is_used_with_its_contexts_namespace_as_kubectl_does(tmp_path: Path) -> None:
    file = written(tmp_path / "config")

    assert way_to_cluster(str(file), {}) == Way(str(file), "strandhaus")


def test_another_context_of_the_file_brings_its_own_namespace(tmp_path: Path) -> None:
    east = {"name": "east", "context": {"cluster": "here", "user": "me", "namespace": "lindenhof"}}
    file = written(tmp_path / "config", contexts=[east])

    assert way_to_cluster(str(file), {}, context="east") == Way(str(file), "lindenhof")
    with pytest.raises(InvalidInput, match='no context "north"'):
        way_to_cluster(str(file), {}, context="north")


def test_several_files_in_the_variable_are_one_and_those_that_are_missing_are_passed_over(tmp_path: Path) -> None:
    contexts = written(tmp_path / "contexts", clusters=[], users=[])
    clusters = written(tmp_path / "clusters", contexts=[], **{"current-context": ""})
    listed = f"{contexts}:{tmp_path / 'gone'}:{clusters}"

    assert way_to_cluster(None, {"KUBECONFIG": listed}) == Way(f"{contexts}:{clusters}", "strandhaus")


def test_without_a_file_a_pod_uses_its_own_account_and_namespace_default(tmp_path: Path) -> None:
    inside = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}

    assert way_to_cluster(None, inside) == Way(None, "default")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file"),
        ("", "is empty"),
        ("clusters: [", "is not valid YAML"),
        ("- a\n- b\n", "is not a kubeconfig"),
        ("kind: Config\n", "names no current context; choose one with: kubectl config use-context NAME"),
        ("current-context: gone\n", 'has no context "gone"'),
    ],
)
def test_a_kubeconfig_that_leads_nowhere_is_told_with_a_remedy(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput) as told:
        way_to_cluster(str(file), {})

    assert said in str(told.value)
    assert str(file) in str(told.value)


@pytest.mark.parametrize(
    "words",
    [
        ["explain"],
        ["diff", "-A"],
        ["backup", "house"],
        ["suspend", "house"],
        ["wake", "house"],
        ["cleanup", "-n", "house"],
        ["restore", "house", "--from", "latest"],
    ],
    ids=lambda words: words[0],
)
def test_every_verb_without_a_cluster_says_where_it_looked_and_what_to_do(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(SystemExit) as left:
        main(words)

    assert left.value.code == 2
    said = capsys.readouterr().err
    assert str(tmp_path / ".kube" / "config") in said
    assert "--kubeconfig" in said


def test_a_day_that_is_none_is_refused_before_anything_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["suspend", "house", "--reopens-on", "2027-13-40"])

    assert left.value.code == 2
    assert '"2027-13-40" is no day; write it as 2027-04-01' in capsys.readouterr().err

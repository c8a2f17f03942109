"""`concierge doctor`: one line for each thing, a remedy where one is needed, 1 where something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

MINIMAL = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


@pytest.fixture(autouse=True)
def a_bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "GEMINI_API_KEY", "CONCIERGE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_machine_that_is_well_gets_0_and_nothing_is_left_behind(concierge, tmp_path):
    looked = concierge("doctor", "-f", MINIMAL, "--data", tmp_path / "data")

    assert looked.returncode == 0, looked.stdout
    assert "problem" not in looked.stdout
    assert "ok       the bundled Valkey answers" in looked.stdout
    assert "ok       Pension Lindenhof: 1 article to answer from" in looked.stdout
    assert "warning  no Gemini key → the embedded answerer speaks; set GEMINI_API_KEY for Gemini" in looked.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DATABASE_URL", "postgresql://x@127.0.0.1:1/z", "pension-lindenhof: DATABASE_URL: no database answers there"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "Redis (REDIS_URL) does not answer"),
    ],
)
def test_what_does_not_answer_is_a_problem(concierge, tmp_path, monkeypatch, name, value, line):
    monkeypatch.setenv(name, value)

    looked = concierge("doctor", "-f", MINIMAL, "--data", tmp_path / "data")

    assert looked.returncode == 1
    assert f"problem  {line}" in looked.stdout


def test_a_proxy_that_does_not_answer_is_a_problem_when_a_key_is_set(concierge, tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "very-secret")
    monkeypatch.setenv("CONCIERGE_GEMINI_BASE_URL", "http://127.0.0.1:1")

    looked = concierge("doctor", "--data", tmp_path / "data")

    assert looked.returncode == 1
    assert "problem  CONCIERGE_GEMINI_BASE_URL does not answer" in looked.stdout
    assert "very-secret" not in looked.stdout


def test_a_damaged_database_and_a_broken_yaml_are_problems(concierge, tmp_path):
    folder = tmp_path / "data" / "pension-lindenhof"
    folder.mkdir(parents=True)
    (folder / "concierge.db").write_bytes(b"no database" * 1000)
    (tmp_path / "hotel.yaml").write_text("kind: [")

    looked = concierge("doctor", "-f", MINIMAL, "-f", "hotel.yaml", "--data", tmp_path / "data")

    assert looked.returncode == 1
    assert looked.stdout.count("problem") == 2
    assert "restore it from a backup" in looked.stdout


@pytest.mark.parametrize("verb", [["rotate-keys"], ["password", "a@b.example"]])
def test_a_property_that_never_ran_is_one_sentence_and_2(concierge, tmp_path, verb):
    ended = concierge(*verb, "-f", MINIMAL, "--data", tmp_path / "data")

    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert "was never started here; start it first" in sentence
    assert not (tmp_path / "data").exists()

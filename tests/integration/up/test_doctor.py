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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "-f", MINIMAL, "--port", "99999"], '"99999" is no port; write a number from 1 to 65535'),
        (["up", "-f", MINIMAL, "--host", "300.1.1.1"], "300.1.1.1 is no address of this machine"),
        (["up", "-f", MINIMAL, "--secrets", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["staff", "list", "-f", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["password", "a@b.example", "-f", "."], ".: is a folder without .yaml files"),
        (["version", "please"], "unrecognized arguments: please"),
    ],
)
def test_nonsense_on_the_command_line_is_said_kindly_and_is_2(concierge, words, said):
    ended = concierge(*words)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["REDIS_URL", "SENTRY_DSN", "CONCIERGE_TURN_LEASE_SECONDS"])
def test_a_variable_that_cannot_be_is_one_sentence_before_anything_starts(concierge, tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "hush-hush")

    started = concierge("up", "-f", MINIMAL, "--data", tmp_path / "data")
    looked = concierge("doctor", "-f", MINIMAL, "--data", tmp_path / "data")

    assert (started.returncode, looked.returncode) == (2, 1)
    (sentence,) = started.stderr.splitlines()
    assert sentence.startswith(f"{name}: must be ")
    assert f"problem  {sentence}" in looked.stdout
    assert "hush-hush" not in sentence
    assert not (tmp_path / "data").exists()


def test_doctor_names_what_a_yaml_hopes_for_in_vain_and_a_broken_secrets_file(concierge, tmp_path):
    (tmp_path / "secrets.yaml").write_text("a: [")
    complete = MINIMAL.with_name("complete.yaml")

    looked = concierge("doctor", "-f", complete, "--data", tmp_path / "data")
    broken = concierge("doctor", "-f", complete, "--data", tmp_path / "data", "--secrets", "secrets.yaml")

    assert "hotel-alle-felder: not used by this version: spec.property.rooms; " in looked.stdout
    assert "spec.knowledge.urls (web pages are not read, so write what they say as articles)" in looked.stdout
    assert broken.returncode == 1
    assert "problem  secrets.yaml, line 2: is not valid YAML" in broken.stdout

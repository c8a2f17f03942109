from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from concierge_cli.main import main

HEAVY = (
    "pydantic",
    "yaml",
    "fastapi",
    "sqlalchemy",
    "celery",
    "redis",
    "langchain",
    "twilio",
    "cryptography",
    "opentelemetry",
    "httpx",
)


def leave(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0)


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]):
    assert leave("version") == 0
    assert capsys.readouterr().out.startswith("concierge 0.")


@pytest.mark.parametrize("words", [[], ["fly"], ["up"], ["up", "-f", "x.yaml", "--port", "many"]])
def test_a_command_line_that_can_not_be_used_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert leave(*words) == 2
    assert "usage: concierge" in capsys.readouterr().err


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]):
    assert leave("--help") == 0

    said = capsys.readouterr().out
    assert all(verb in said for verb in ("up", "doctor", "password", "staff", "rotate-keys", "version"))


@pytest.mark.parametrize("verb", ["up", "doctor", "password", "rotate-keys"])
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]):
    assert leave(verb, "--help") == 0
    assert "--data" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_sentence_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    missing = tmp_path / "hotel.yaml"

    assert leave("up", "-f", str(missing), "--data", str(tmp_path)) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert str(missing) in line


def test_a_secrets_file_that_is_not_there_is_one_sentence_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    minimal = Path(__file__).parents[3] / "manifests" / "minimal.yaml"
    missing = tmp_path / "secrets.yaml"

    assert leave("up", "-f", str(minimal), "--data", str(tmp_path), "--secrets", str(missing)) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert str(missing) in line


def test_the_supervisor_stays_light():
    code = "import sys, concierge_cli.up; print([m for m in sys.argv[1:] if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["staff"], ["staff", "add", "a@b.example", "--name", "A", "--role", "king"]])
def test_a_staff_command_that_can_not_be_used_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert leave(*words) == 2
    assert "usage: concierge staff" in capsys.readouterr().err

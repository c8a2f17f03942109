from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from concierge_cli.announcement import Announcement
from concierge_cli.declared import Declared
from concierge_cli.house import House
from concierge_cli.place import Place
from concierge_cli.printing import say, welcome


@pytest.fixture
def house(tmp_path: Path) -> House:
    declared = Declared("strandhaus", "Strandhaus Rügen", "strandhaus-ruegen.yaml", "gemini-9", has_key=False)
    return House(declared, Place(tmp_path), 8090, io.StringIO())


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)


def test_the_first_start_says_where_everything_is_and_the_password_once(
    house: House, capsys: pytest.CaptureFixture[str]
):
    welcome(house, Announcement(email="a@b.example", password="lo-re-mi", articles=70))
    said = capsys.readouterr().out

    assert "Strandhaus Rügen is open." in said
    assert "http://localhost:8090/\n" in said
    assert "http://localhost:8090/admin/\n" in said
    assert "a@b.example" in said
    assert said.count("lo-re-mi") == 1
    assert "70 articles from strandhaus-ruegen.yaml" in said
    assert str(house.place.folder) in said


def test_later_starts_know_no_password(house: House, capsys: pytest.CaptureFixture[str]):
    welcome(house, Announcement(email="a@b.example", articles=70))

    assert "Password" not in capsys.readouterr().out


def test_without_a_key_the_embedded_answerer_is_named(house: House, capsys: pytest.CaptureFixture[str]):
    welcome(house, Announcement())

    assert "the embedded answerer (no Gemini key is set: GEMINI_API_KEY)" in capsys.readouterr().out


def test_with_a_key_the_model_is_named_and_the_key_is_not(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GEMINI_API_KEY", "very-secret")

    welcome(house, Announcement())
    said = capsys.readouterr().out

    assert "gemini-9, checked against" in said
    assert "very-secret" not in said


def test_what_is_not_a_terminal_gets_no_colours(house: House, capsys: pytest.CaptureFixture[str]):
    welcome(house, Announcement())

    assert "\033" not in capsys.readouterr().out


def test_a_reader_who_has_left_stops_nobody(monkeypatch: pytest.MonkeyPatch):
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())

    say("one")
    say("two")

    sys.stdout.close()

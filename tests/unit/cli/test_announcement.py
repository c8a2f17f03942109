from __future__ import annotations

import os

import pytest

from concierge_cli.announcement import FD_VARIABLE, Announcement, announce, understand


def test_what_is_announced_is_understood(monkeypatch: pytest.MonkeyPatch):
    reading, writing = os.pipe()
    monkeypatch.setenv(FD_VARIABLE, str(writing))
    news = Announcement(email="a@b.example", password="lo-re-mi", articles=62, voice=True)

    announce(news)
    heard = os.read(reading, 4096)
    os.close(reading)
    os.close(writing)

    assert understand(heard) == news


def test_a_restarted_web_process_is_not_disturbed_by_nobody_listening(monkeypatch: pytest.MonkeyPatch):
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setenv(FD_VARIABLE, str(writing))

    announce(Announcement())

    os.close(writing)


def test_without_a_supervisor_nothing_is_announced(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    monkeypatch.delenv(FD_VARIABLE, raising=False)

    announce(Announcement(password="lo-re-mi"))

    assert capfd.readouterr() == ("", "")

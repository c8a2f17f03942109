"""The guest's language, among the property's."""

from __future__ import annotations

import importlib
import socket

import pytest

from concierge_ai import language
from concierge_ai.language import detect

ALL = ["en", "de", "fr", "es", "it", "ar"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When is breakfast served tomorrow?", "en"),
        ("Wann gibt es morgen Frühstück?", "de"),
        ("À quelle heure est servi le petit-déjeuner ?", "fr"),
        ("¿A qué hora sirven el desayuno mañana?", "es"),
        ("A che ora servite la colazione domani?", "it"),
        ("متى يقدم الفطور غدا؟", "ar"),
        ("WANN GIBT ES MORGEN FRÜHSTÜCK?", "de"),
        ("I need two more towels please", "en"),
        ("Potrei avere altri asciugamani per favore", "it"),
    ],
)
def test_a_sentence_tells_its_language(text: str, expected: str) -> None:
    assert detect(text, ALL, "en" if expected != "en" else "de") == expected


@pytest.mark.parametrize("text", ["ok", "WLAN?", "304", "👍", "", "Spa", "a b"])
def test_a_short_word_keeps_the_sessions_language(text: str) -> None:
    assert detect(text, ALL, "fr") == "fr"


def test_a_greeting_or_a_script_is_enough() -> None:
    assert detect("bonjour", ALL, "en") == "fr"
    assert detect("مرحبا", ALL, "en") == "ar"
    assert detect("Guten Tag", ALL, "en") == "de"


def test_only_the_propertys_languages_are_ever_chosen() -> None:
    assert detect("¿A qué hora sirven el desayuno?", ["en", "de"], "de") in ("en", "de")
    assert detect("anything at all, really", ["it"]) == "it"
    assert detect("متى", ["en", "de"], "de") == "de"


def test_an_unknown_session_language_falls_back_to_the_first() -> None:
    assert detect("ok", ["de", "en"], "pl") == "de"


def test_the_model_is_read_from_its_wheel_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refused)
    language._model.cache_clear()
    assert detect("Wann gibt es morgen Frühstück?", ALL, "en") == "de"


def test_without_the_package_words_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    language._model.cache_clear()
    assert detect("Wann gibt es bei Ihnen denn Frühstück?", ALL, "en") == "de"
    language._model.cache_clear()

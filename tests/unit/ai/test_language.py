"""The guest's language, among the property's."""

from __future__ import annotations

import importlib
import json
import socket
import time
from pathlib import Path

import pytest

from concierge_ai import language
from concierge_ai.language import detect

ALL = ["en", "de", "fr", "es", "it", "ar"]
WRITTEN = json.loads((Path(__file__).parent / "languages.json").read_text("utf-8"))


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


def _told() -> list[tuple[str, str, str, list[str]]]:
    """Each written question: its language, its text, another language of the conversation, a property's three."""
    cases = []
    for code, texts in WRITTEN["told"].items():
        others = [c for c in ALL if c != code]
        for n, text in enumerate(texts):
            cases.append((code, text, others[n % 5], [others[n % 5], code, others[(n + 2) % 5]]))
    return cases


def test_hotel_questions_tell_their_language_whatever_was_spoken_before() -> None:
    right = [detect(text, ALL, None) == code for code, text, _, _ in _told()]
    right += [detect(text, ALL, other) == code for code, text, other, _ in _told()]
    right += [detect(text, house, house[0], likely=house) == code for code, text, _, house in _told()]

    assert len(_told()) >= 240
    assert sum(right) / len(right) >= 0.97


def test_a_conversation_stays_in_its_language_while_it_is_written() -> None:
    wrong = [text for code, text, _, house in _told() if detect(text, house, code, likely=house) != code]
    assert len(wrong) <= len(_told()) * 0.005, wrong


@pytest.mark.parametrize("text", WRITTEN["untold"])
def test_a_name_or_a_word_of_all_languages_changes_nothing(text: str) -> None:
    assert [detect(text, ALL, current) for current in ALL] == ALL


def test_a_short_question_in_english_is_not_taken_for_german() -> None:
    for house in (["de", "en", "fr"], ["fr", "en", "es", "it"], ["en", "ar", "de"]):
        assert detect("Is the sauna open?", [*house, *(c for c in ALL if c not in house)], None, likely=house) == "en"


def test_a_very_long_text_is_read_in_no_time() -> None:
    detect("warm", ALL, "en")
    began = time.process_time()
    detect("blahx " * 2000, ALL, "en")
    assert time.process_time() - began < 0.1

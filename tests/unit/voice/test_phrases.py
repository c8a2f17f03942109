"""What the telephone says of itself, in every language."""

from __future__ import annotations

import re

import pytest

from concierge_core.texts import LANGUAGES
from concierge_voice.phrases import _read, phrase, tongue


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    english, ours = _read()["en"], _read()[language]

    assert ours.keys() == english.keys()
    for key, sentence in ours.items():
        assert re.findall(r"{\w+}", sentence) == re.findall(r"{\w+}", english[key]), key


def test_every_language_has_a_voice_of_its_own() -> None:
    assert len({tongue(language).voice for language in LANGUAGES}) == len(LANGUAGES)
    assert tongue("nl") == tongue("en")


def test_a_language_that_we_do_not_speak_is_answered_in_english() -> None:
    assert phrase("goodbye", "nl") == "Thank you for calling. Goodbye."

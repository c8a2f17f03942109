"""Text for the ear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_voice.speakable import LONGEST, speakable


def spoken(text: str) -> str:
    return speakable(text, website="our website")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Breakfast is from **7:00** to _10:30_.", "Breakfast is from 7:00 to 10:30."),
        ("See https://example.org/menu?x=1#y for the menu.", "See our website for the menu."),
        ("Look at www.example.org.", "Look at our website."),
        ("Our [menu](https://example.org/menu) changes daily.", "Our menu changes daily."),
        ("# Breakfast\n- buffet\n- à la carte", "Breakfast. buffet. à la carte."),
        ("Welcome! 😀🌊", "Welcome!"),
        ("Ask for `late check-out`.", "Ask for late check-out."),
        ("a\x00b\x1bc", "abc."),
        ("Call room_service today", "Call room_service today."),
        ("<b>Pool</b> & spa", "Pool & spa."),
        ("Das Frühstück gibt es ab 7 Uhr.", "Das Frühstück gibt es ab 7 Uhr."),
        ("الإفطار من السابعة صباحًا.", "الإفطار من السابعة صباحًا."),
        ("", ""),
        ("---", ""),
    ],
)
def test_what_the_eye_reads_becomes_what_the_ear_hears(written: str, said: str) -> None:
    assert spoken(written) == said


def test_a_long_text_ends_after_a_whole_sentence() -> None:
    said = spoken("This is a sentence. " * 400)

    assert len(said) <= LONGEST
    assert said.endswith("sentence.")


@given(st.text(max_size=400))
def test_nothing_unspeakable_is_left(text: str) -> None:
    said = spoken(text)

    assert "http://" not in said.lower()
    assert "**" not in said
    assert not any(ord(c) < 32 for c in said)

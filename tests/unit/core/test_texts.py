"""The server's own sentences: complete, alike in their placeholders, and never missing one."""

from __future__ import annotations

import string

import pytest

from concierge_core.texts import LANGUAGES, catalogue, text

PLACEHOLDERS = {
    "handoff_waiting": set(),
    "handoff_closed_now": {"opens", "number"},
    "handoff_expired": {"number", "phone"},
    "handoff_expired_without_phone": {"number"},
    "staff_joined": {"name"},
    "staff_left": set(),
    "conversation_closed": set(),
    "concierge_failed": set(),
    "request_made": {"number"},
    "request_accepted": {"number"},
    "request_on_the_way": {"number"},
    "request_done": {"number"},
    "request_cancelled": {"number"},
    "request_open": {"number"},
    "no_script": set(),
    "emergency": {"emergency_number"},
    "rate_limited": {"seconds"},
    "unavailable": set(),
    "ai_disclosure": {"property"},
    "no_answer": set(),
    "follow_up_subject": set(),
    "person_hint": set(),
}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_placeholders(language: str) -> None:
    found = {key: placeholders(sentence) for key, sentence in catalogue(language).items()}

    assert found == PLACEHOLDERS


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_was_left_in_english(language: str) -> None:
    same = {key for key, sentence in catalogue(language).items() if sentence == catalogue("en")[key]}

    assert same == set()


def test_values_are_filled_in() -> None:
    assert "Anna" in text("staff_joined", "de", name="Anna")


@pytest.mark.parametrize(
    ("asked", "spoken"), [("de-AT", "de"), ("DE_ch", "de"), ("ja", "en"), (None, "en"), ("", "en")]
)
def test_a_language_is_found_by_its_first_part_else_english_is_spoken(asked: str | None, spoken: str) -> None:
    assert text("staff_left", asked) == catalogue(spoken)["staff_left"]


@pytest.mark.parametrize("phone", ["", None])
def test_a_property_without_a_phone_never_offers_to_be_called(phone: str | None) -> None:
    notice = text("handoff_expired", "en", number=42, phone=phone)

    assert "42" in notice
    assert "call" not in notice
    assert "None" not in notice


def test_a_missing_value_is_a_programming_error_and_not_shown_to_a_guest() -> None:
    with pytest.raises(KeyError):
        text("handoff_expired", "en", number=42)


def test_a_path_is_not_a_language() -> None:
    assert catalogue("../../etc/passwd") == catalogue("en")

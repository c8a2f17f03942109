"""What becomes of a guest's text before it is stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_core.domain.wording import MAX_MESSAGE_CHARACTERS, clean, mask_cards
from concierge_core.errors import InvalidInput


def test_control_characters_vanish_and_line_breaks_stay():
    assert clean("a\x00b\x1b[31m\r\nc\u202e\ufeff") == "ab[31m\nc"


def test_arabic_and_emoji_families_stay_whole():
    words = "مرحبا 👨‍👩‍👧"

    assert clean(words) == words


@pytest.mark.parametrize("nothing", ["", "   \n\t ", "\x00\x01", "\u200b\u202e"])
def test_a_message_without_text_is_refused(nothing: str):
    with pytest.raises(InvalidInput) as refused:
        clean(nothing)
    assert refused.value.code == "empty"


def test_a_message_too_long_is_refused():
    clean("x" * MAX_MESSAGE_CHARACTERS)
    with pytest.raises(InvalidInput) as refused:
        clean("x" * (MAX_MESSAGE_CHARACTERS + 1))
    assert refused.value.code == "too_long"


@pytest.mark.parametrize(
    "card", ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005", "5555.5555.5555.4444"]
)
def test_a_card_number_keeps_its_last_four_digits_only(card: str):
    masked = mask_cards(f"my card is {card}, thanks")

    digits = card.replace(" ", "").replace("-", "").replace(".", "")
    assert masked == f"my card is •••• {digits[-4:]}, thanks"


@pytest.mark.parametrize(
    "harmless",
    ["call +49 30 5550 1234", "booking 1234567890123", "room 214, 2 nights", "0000 0000 0000 0000", "2026-11-24 15:00"],
)
def test_other_numbers_stay(harmless: str):
    assert mask_cards(harmless) == harmless


@given(st.text(max_size=200))
def test_cleaning_is_idempotent_and_never_fails_otherwise(text: str):
    try:
        once = clean(text)
    except InvalidInput:
        return
    assert clean(once) == once

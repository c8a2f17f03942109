"""In which language a browser is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.languages import direction, negotiated

OFFERED = ["en", "de", "ar"]


@pytest.mark.parametrize(
    ("wished", "header", "language"),
    [
        (None, "", "en"),
        ("de-AT", "", "de"),
        ("fr", "de", "de"),
        ("ar", "de", "ar"),
        (None, "fr, de;q=0.5, ar;q=0.8", "ar"),
        (None, "de;q=0, ar;q=0.1", "ar"),
        (None, "de-CH, de;q=0.9", "de"),
        (None, "*", "en"),
        (None, "de;q=nonsense", "en"),
    ],
)
def test_the_wish_wins_then_the_browser_then_the_house(wished: str | None, header: str, language: str) -> None:
    assert negotiated(OFFERED, wished=wished, accept_language=header) == language


def test_arabic_runs_from_right_to_left() -> None:
    assert (direction("ar"), direction("de")) == ("rtl", "ltr")


@given(st.text(max_size=100), st.text(max_size=30))
def test_any_header_gives_a_language_that_is_spoken(header: str, wished: str) -> None:
    assert negotiated(OFFERED, wished=wished, accept_language=header) in OFFERED

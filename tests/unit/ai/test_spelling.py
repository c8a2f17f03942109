"""Slips of the pen are mended; words of another world are not."""

from __future__ import annotations

import pytest

from concierge_ai.spelling import Speller, slips

KNOWN = ("breakfast", "time", "beach", "dairy", "parking", "when", "is", "the", "steam", "password")


@pytest.mark.parametrize(
    ("written", "meant", "number"),
    [("beach", "beach", 0), ("beahc", "beach", 1), ("bech", "beach", 1), ("beeach", "beach", 1), ("bxach", "beach", 1)],
)
def test_slips_are_counted(written: str, meant: str, number: int) -> None:
    assert slips(written, meant, most=1) == number
    assert slips(written, meant, most=2) == number


def test_more_slips_than_sought_are_not_counted_out() -> None:
    assert slips("breakfast", "beach", most=1) == 2
    assert slips("brekfst", "breakfast", most=2) == 2
    assert slips("abcdefgh", "breakfast", most=2) == 3


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("brekfast tiem", "breakfast time"),
        ("when is brekafst", "when is breakfast"),
        ("pasword", "password"),
        ("when is the beach", "when is the beach"),
        ("tame", "tame"),
        ("304", "304"),
    ],
)
def test_a_slip_is_mended(written: str, mended: str) -> None:
    assert Speller(KNOWN, KNOWN).mended(written) == mended


def test_in_another_world_nothing_is_mended() -> None:
    assert Speller(KNOWN, KNOWN).mended("quarterly breach report") == "quarterly breach report"


def test_a_word_that_may_be_two_others_is_left_alone() -> None:
    assert Speller(("boats", "coats"), ()).mended("moats") == "moats"
    assert Speller(("parks", "parka"), ()).mended("parkx") == "parkx"

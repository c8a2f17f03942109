"""A streamed reply is cut into sentences, whatever the pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_ai.sentences import SentenceSplitter, split


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Hello. How are you? Fine!", "en", ["Hello. ", "How are you? ", "Fine!"]),
        (
            "It opens at 7.30 and costs 18.50 euros. Enjoy.",
            "en",
            ["It opens at 7.30 and costs 18.50 euros. ", "Enjoy."],
        ),
        ("Bring e.g. a towel. Done.", "en", ["Bring e.g. a towel. ", "Done."]),
        ("Ask Mr. Miller at St. Mary's. Thanks.", "en", ["Ask Mr. Miller at St. Mary's. ", "Thanks."]),
        ("Nehmen Sie z. B. den Bus. Danke.", "de", ["Nehmen Sie z. B. den Bus. ", "Danke."]),
        ("Am 5. Mai ist zu. Im 3. Stock auch.", "de", ["Am 5. Mai ist zu. ", "Im 3. Stock auch."]),
        ("Geöffnet bis 22 Uhr bzw. 23 Uhr. Bis dann.", "de", ["Geöffnet bis 22 Uhr bzw. 23 Uhr. ", "Bis dann."]),
        ("Open from 7 a.m. to 10 p.m. daily.", "en", ["Open from 7 a.m. to 10 p.m. daily."]),
        ("It opens at 7 a.m. Dinner is later.", "en", ["It opens at 7 a.m. ", "Dinner is later."]),
        ("À quelle heure ? À 7 h 30. Voilà !", "fr", ["À quelle heure ? ", "À 7 h 30. ", "Voilà !"]),
        ("¿Sí? ¡Claro! Vale.", "es", ["¿Sí? ", "¡Claro! ", "Vale."]),
        ("هل تريد ذلك؟ نعم.", "ar", ["هل تريد ذلك؟ ", "نعم."]),
        ("First line\nSecond line", "en", ["First line\n", "Second line"]),
        ("See www.hotel.example for more. Bye.", "en", ["See www.hotel.example for more. ", "Bye."]),
        ("1. Take the lift. 2. Turn left.", "en", ["1. Take the lift. ", "2. Turn left."]),
        ("Wait … then go. Now.", "en", ["Wait … ", "then go. ", "Now."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, language: str, expected: list[str]) -> None:
    assert split(text, language) == expected


def test_a_sentence_leaves_with_its_full_stop_not_with_the_next_word() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("Breakfast is in the garden") == []
    assert splitter.feed(" room.") == ["Breakfast is in the garden room."]
    assert splitter.feed(" It costs") == []
    assert splitter.rest() == " It costs"


def test_a_clock_time_before_the_full_stop_ends_the_sentence_at_once() -> None:
    assert SentenceSplitter().feed("Until 10:30.") == ["Until 10:30."]


def test_a_number_is_never_cut_in_two() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("It costs 18.") == []
    assert splitter.feed("50 euros. ") == ["It costs 18.50 euros. "]


@given(
    st.text(alphabet="aB1. ?!\n:,z", max_size=60),
    st.lists(st.integers(1, 7), max_size=20),
    st.sampled_from(["en", "de"]),
)
def test_nothing_is_lost_or_added_however_the_text_is_cut(text: str, sizes: list[int], language: str) -> None:
    splitter, got, at = SentenceSplitter(language), [], 0
    for size in sizes:
        got += splitter.feed(text[at : at + size])
        at += size
    got += splitter.feed(text[at:])
    assert "".join(got) + splitter.rest() == text

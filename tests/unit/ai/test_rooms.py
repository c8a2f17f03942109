"""Which numbers are rooms."""

from __future__ import annotations

import pytest

from concierge_ai.rooms import is_only_a_room, room_in


@pytest.mark.parametrize(
    ("text", "language", "room"),
    [
        ("room 105", "en", "105"),
        ("the shower in 105 is broken", "en", "105"),
        ("we're in 7B", "en", "7B"),
        ("2 towels to room 105", "en", "105"),
        ("please send 2 towels to 412", "en", "412"),
        ("wake me at 6 in villa 3", "en", "3"),
        ("Zimmer 105", "de", "105"),
        ("die Heizung in 105 ist kalt", "de", "105"),
        ("wir sind in 12a", "de", "12A"),
        ("2 Handtücher auf Zimmer 7", "de", "7"),
        ("chambre 12", "fr", "12"),
        ("plus d'eau chaude dans la 14", "fr", "14"),
        ("habitación 12", "es", "12"),
        ("estamos en la 21", "es", "21"),
        ("camera 9", "it", "9"),
        ("siamo nella 204", "it", "204"),
        ("المكيف لا يعمل في غرفة 305", "ar", "305"),
    ],
)
def test_a_room_is_read_however_it_is_named(text: str, language: str, room: str) -> None:
    assert room_in(text, language) == room


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("for 105 people", "en"),
        ("at 7:30", "en"),
        ("2 towels", "en"),
        ("a table for 4 at 7:30 pm", "en"),
        ("in 20 minutes", "en"),
        ("in 2026", "en"),
        ("in 10 Minuten", "de"),
        ("um 19:30", "de"),
        ("ab 14 Uhr", "de"),
        ("für 105 Personen", "de"),
        ("à 19h30", "fr"),
        ("dans la 12 heures", "fr"),
        ("a las 7:30", "es"),
        ("tra 15 minuti", "it"),
        ("الساعة 7:30", "ar"),
    ],
)
def test_a_time_a_quantity_or_a_year_is_no_room(text: str, language: str) -> None:
    assert room_in(text, language) is None


def test_once_asked_for_a_number_alone_is_the_room() -> None:
    assert room_in("304", "en") is None
    assert room_in("it's 304, at 7:30 please", "en", bare=True) == "304"
    assert room_in("7B", "en", bare=True) == "7B"
    assert room_in("no idea", "en", bare=True) is None


def test_little_beside_a_room_is_only_a_room() -> None:
    assert is_only_a_room("Zimmer 23", "de")
    assert not is_only_a_room("please bring two more towels to room 23", "en")

"""Keys of tool calls, and rooms in a guest's words."""

from __future__ import annotations

import pytest

from concierge_ai.rooms import room_in
from concierge_ai.tools import call_key


def test_the_same_call_at_the_same_place_has_the_same_key() -> None:
    key = call_key("service_request", {"kind": "taxi", "room": None}, 0)
    assert key == call_key("service_request", {"room": None, "kind": "taxi"}, 0)
    assert (
        len(
            {
                key,
                call_key("service_request", {"kind": "taxi", "room": "1"}, 0),
                call_key("service_request", {"kind": "taxi", "room": None}, 1),
            }
        )
        == 3
    )


@pytest.mark.parametrize(
    ("text", "language", "room"),
    [
        ("two towels to room 304", "en", "304"),
        ("room number 12b please", "en", "12B"),
        ("Zimmer 7", "de", "7"),
        ("chambre 14", "fr", "14"),
        ("habitación número 5", "es", "5"),
        ("camera 21", "it", "21"),
        ("غرفة ٢١", "ar", "21"),
        ("أحتاج مناشف لغرفة 21", "ar", "21"),
        ("two towels at 6", "en", None),
    ],
)
def test_a_room_is_read_from_the_guests_words(text: str, language: str, room: str | None) -> None:
    assert room_in(text, language) == room


def test_a_number_alone_is_a_room_only_when_we_asked() -> None:
    assert room_in("304", "en") is None
    assert room_in("it's 304", "en", bare=True) == "304"

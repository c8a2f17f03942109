"""Which pages may talk to the chat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.origins import Origins

ORIGINS = Origins("https://chat.hotel.example", ["https://www.hotel.example", "http://localhost:3000"])


@pytest.mark.parametrize(
    "origin",
    [
        "https://chat.hotel.example",
        "https://CHAT.hotel.example:443",
        "https://www.hotel.example",
        "http://localhost:3000",
        None,
    ],
)
def test_the_property_its_websites_and_programs_are_welcome(origin: str | None) -> None:
    assert ORIGINS.allows(origin, host="chat.hotel.example")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://www.hotel.example",
        "https://www.hotel.example.evil.example",
        "https://evil.example/https://www.hotel.example",
        "https://www.hotel.example:8443",
        "https://www.hotel.example@evil.example",
        "http://localhost:3001",
        "null",
        "",
        "file://",
        "https://[",
    ],
)
def test_everybody_else_is_foreign(origin: str) -> None:
    assert not ORIGINS.allows(origin, host="chat.hotel.example")


def test_a_page_from_the_very_host_it_talks_to_is_our_own_under_any_name() -> None:
    assert ORIGINS.allows("http://192.168.1.20:8080", host="192.168.1.20:8080")
    assert ORIGINS.allows("https://hotel.internal", host="hotel.internal:443")
    assert not ORIGINS.allows("http://evil.example", host="192.168.1.20:8080")


def test_loopback_has_several_names() -> None:
    local = Origins("http://localhost:8080", [])

    assert local.allows("http://127.0.0.1:8080")
    assert local.allows("http://[::1]:8080")
    assert not local.allows("http://127.0.0.1:9090")


def test_only_foreign_origins_are_named_as_such() -> None:
    assert ORIGINS.foreign == ["http://localhost:3000", "https://www.hotel.example"]


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_ever_raises(origin: str, host: str) -> None:
    ORIGINS.allows(origin, host=host)

import pytest

from concierge_admin.csrf import is_same_origin, new_token, token_matches

PUBLIC = "https://hotel.example"


def test_only_the_sessions_own_token_matches() -> None:
    token = new_token()

    assert token_matches(token, token)
    assert not token_matches(token, new_token())
    assert not token_matches(token, None)
    assert not token_matches(token, "ü" + token)
    assert not token_matches("", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"origin": "https://hotel.example"},
        {"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"},
        {"referer": "https://hotel.example/admin/"},
        # A strict referrer policy makes browsers send "null" beside the header that tells the truth.
        {"sec-fetch-site": "same-origin", "origin": "null"},
    ],
)
def test_our_own_pages_are_recognised(headers: dict[str, str]) -> None:
    assert is_same_origin(headers, public_url=PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://hotel.example.evil.example"},
        {"origin": "http://hotel.example"},
        {"referer": "https://evil.example/?https://hotel.example"},
        {"sec-fetch-site": "cross-site", "origin": "https://hotel.example"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8081", "host": "127.0.0.1:8080"},
        {"sec-fetch-site": "none"},
        {"origin": "http://127.0.0.1:8081", "host": "127.0.0.1:8080"},
    ],
)
def test_everything_else_is_foreign(headers: dict[str, str]) -> None:
    assert not is_same_origin(headers, public_url=PUBLIC)

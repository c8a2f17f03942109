import pytest

from concierge_admin.gate import safe_next, sign_in_path
from concierge_admin.places import Places
from concierge_core.errors import TooMany


@pytest.mark.parametrize("path", ["/admin/", "/admin/knowledge?q=spa", "/admin/conversations/abc"])
def test_signing_in_leads_on_to_pages_of_the_dashboard(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "/admin/..//evil.example",
        "/admin/\\evil.example",
        "/admin/\r\nset-cookie: a=b",
        "/adminx",
        "/admin/logout",
        "/admin/login",
    ],
)
def test_no_link_can_send_people_elsewhere(path: str | None) -> None:
    assert safe_next(path) == "/admin/"


def test_the_way_back_is_kept_whole() -> None:
    assert sign_in_path("/admin/knowledge?q=a&b") == "/admin/login?next=/admin/knowledge%3Fq%3Da%26b"
    assert sign_in_path("/admin/") == "/admin/login"


def test_live_connections_are_counted() -> None:
    places = Places(per_session=1, in_all=2)

    with places.taken("a"):
        with pytest.raises(TooMany):
            places.check("a")
        with places.taken("b"), pytest.raises(TooMany):
            places.check("c")
        places.check("c")
    places.check("a")

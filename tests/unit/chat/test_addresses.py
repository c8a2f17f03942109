"""Where a connection comes from, when anybody can write a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.addresses import TrustedProxies

BEHIND_INGRESS = TrustedProxies("10.0.0.0/8, 127.0.0.1, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.2.3", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("10.1.2.3", ["2001:db8:1:2:ffff::9"], "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["nonsense, <script>"], "10.1.2.3"),
        ("10.1.2.3", ["10.4.4.4"], "10.4.4.4"),
        ("10.1.2.3", [], "10.1.2.3"),
        (None, ["198.51.100.1"], "198.51.100.1"),
        (None, [], "unknown"),
    ],
)
def test_the_right_most_address_that_is_no_trusted_proxy_counts(
    peer: str | None, headers: list[str], address: str
) -> None:
    assert BEHIND_INGRESS.client(peer, headers) == address


def test_without_trusted_proxies_no_header_is_believed() -> None:
    assert TrustedProxies("").client("203.0.113.9", ["1.2.3.4"]) == "203.0.113.9"
    assert TrustedProxies("").client(None, ["1.2.3.4"]) == "unknown"


def test_a_network_that_is_none_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="not-a-network"):
        TrustedProxies("10.0.0.0/8,not-a-network")


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_no_header_ever_raises(peer: str, headers: list[str]) -> None:
    assert BEHIND_INGRESS.client(peer, headers)

"""Where webhooks may go."""

from __future__ import annotations

import pytest

from concierge_core.notifications.address_guard import checked, is_public
from concierge_core.work.registry import GiveUp


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "255.255.255.255",
    ],
)
def test_an_address_inside_the_house_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_an_address_of_the_world_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://user:password@93.184.215.14/",
        "ftp://93.184.215.14/",
        "https:///hook",
    ],
)
async def test_a_url_that_could_be_turned_on_the_house_is_refused(url: str) -> None:
    with pytest.raises(GiveUp):
        await checked(url, may_be_private=False)


async def test_a_url_is_pinned_to_the_address_that_was_checked() -> None:
    place = await checked("http://127.0.0.1:8099/hook?x=1#part", may_be_private=True)

    assert place.url == "http://127.0.0.1:8099/hook?x=1"
    assert (place.host, place.host_header) == ("127.0.0.1", "127.0.0.1:8099")

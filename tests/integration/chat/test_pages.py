"""The hosted page, the widget and its assets, as a browser gets them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Open = Callable[..., Awaitable[Any]]


async def test_the_hosted_page_is_strict_about_what_it_runs(http: Any, server: Any) -> None:
    page = await http.get("/")

    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert server.rt.tenant.spec.property.name in page.text
    assert "{{" not in page.text
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert re.search(r"style-src 'self' 'sha256-[\w+/=]+';", policy)
    assert "frame-ancestors 'self'" in policy


async def test_a_browser_without_scripts_is_told_how_to_reach_the_house(http: Any, server: Any) -> None:
    page = await http.get("/?lang=de")

    [without] = re.findall(r"<noscript>(.*?)</noscript>", page.text)
    assert "braucht JavaScript" in without
    assert f'href="tel:{server.rt.tenant.spec.property.phone}"' in without


async def test_every_asset_of_the_page_is_there_and_kept_for_ever(http: Any) -> None:
    page = await http.get("/")
    waiting, seen = set(re.findall(r"/assets/[\w.-]+", page.text)), set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        asset = await http.get(path)
        assert asset.status_code == 200, path
        assert re.search(r"\.[0-9a-f]{8,}\.\w+$", path), path
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["access-control-allow-origin"] == "*"
        waiting |= {f"/assets/{name}" for name in re.findall(r'"\./([\w.-]+\.js)"', asset.text)} - seen

    assert len(seen) > 5


async def test_the_loader_is_small_short_lived_and_names_the_hashed_module(http: Any) -> None:
    loader = await http.get("/widget.js")

    named = re.search(r"/assets/concierge-chat\.[0-9a-f]{8,}\.js", loader.text)
    assert named
    assert loader.headers["cache-control"] == "public, max-age=300"
    assert loader.headers["content-type"].startswith("text/javascript")
    assert (await http.get(named[0])).status_code == 200


async def test_what_the_browser_has_is_not_sent_again_and_the_rest_is_compressed(http: Any) -> None:
    page = await http.get("/")
    again = await http.get("/", headers={"If-None-Match": page.headers["etag"]})
    plain = await http.get("/", headers={"Accept-Encoding": "identity"})

    assert page.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")
    assert "content-encoding" not in plain.headers
    assert plain.text == page.text
    assert set(plain.headers["vary"].split(", ")) == {"Accept-Encoding", "Accept-Language"}


async def test_the_page_speaks_the_guests_language(serve: Open, make_tenant: Any) -> None:
    tenant = make_tenant()
    house = tenant.spec.property.model_copy(update={"languages": ["en", "ar"]})
    server = await serve(tenant.model_copy(update={"spec": tenant.spec.model_copy(update={"property": house})}))
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        arabic = await client.get("/", headers={"Accept-Language": "ar-EG, en;q=0.5"})
        wished = await client.get("/?lang=en", headers={"Accept-Language": "ar"})

    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert '<html lang="en" dir="ltr">' in wished.text


async def test_there_is_an_example_of_a_foreign_page_and_no_file_outside_the_folder(http: Any) -> None:
    assert "widget.js" in (await http.get("/example")).text
    for path in ("/assets/page.html", "/assets/..%2fapp.py", "/assets/none.js"):
        assert (await http.get(path)).status_code == 404


async def test_a_house_that_is_closed_for_the_season_has_a_page_that_says_so(
    serve: Open, make_tenant: Any, closed_until: Any
) -> None:
    server = await serve(make_tenant(suspend=closed_until("2027-04-01")))
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        page = await client.get("/")
        told = (await client.get("/api/property")).json()

    assert "1/4/2027" in page.text
    assert "<script" not in page.text
    assert told["closed"]["reopens_on"] == "2027-04-01"
    assert "1/4/2027" in told["greeting"]


async def test_behind_a_proxy_that_ends_tls_guests_are_served_and_plain_visitors_sent_to_https(serve: Open) -> None:
    server = await serve(public_url="https://chat.hotel.example", trusted_proxies="127.0.0.1")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        secure = await client.get("/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1"})
        plain = await client.get("/?lang=en", headers={"X-Forwarded-Proto": "http"})

    assert secure.status_code == 200
    assert "connect-src 'self' wss://chat.hotel.example" in secure.headers["content-security-policy"]
    assert "strict-transport-security" in secure.headers
    assert (plain.status_code, plain.headers["location"]) == (308, "https://chat.hotel.example/?lang=en")

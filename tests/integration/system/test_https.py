"""A property whose public URL is https, behind a proxy that ends TLS."""

from __future__ import annotations

import json

import httpx
from websockets.asyncio.client import connect

PUBLIC = "https://chat.hotel.example"
THROUGH_THE_PROXY = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}


async def test_guests_are_answered_and_plain_requests_are_sent_to_https(start_house):
    house = start_house("minimal.yaml", env={"CONCIERGE_PUBLIC_URL": PUBLIC, "CONCIERGE_TRUSTED_PROXIES": "127.0.0.1"})
    async with httpx.AsyncClient(base_url=house.url) as browser:
        plain = await browser.get("/?room=12")
        posted = await browser.post("/api/sessions", json={})
        secure = await browser.get("/", headers=THROUGH_THE_PROXY)
        figures = await browser.get("/metrics", headers=THROUGH_THE_PROXY)

    assert (plain.status_code, plain.headers["location"]) == (308, f"{PUBLIC}/?room=12")
    assert posted.status_code == 403
    assert "max-age=" in secure.headers["strict-transport-security"]
    assert figures.status_code == 404
    assert await _rung_of_the_reply(house.url) == "embedded"
    house.stop()


async def _rung_of_the_reply(url: str) -> str:
    address = url.replace("http", "ws", 1) + "/ws"
    async with connect(address, origin=PUBLIC, additional_headers=THROUGH_THE_PROXY) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"type": "hello"}))
        await socket.send(json.dumps({"type": "message.send", "client_id": "m1", "text": "When is breakfast?"}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "message" and frame["author"] == "concierge":
                return str(frame["rung"])
    raise AssertionError("the socket was closed")

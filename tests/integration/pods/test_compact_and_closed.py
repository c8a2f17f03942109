"""A small inn whose apps share a pod, and a house that is closed for the season."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

pytestmark = pytest.mark.timeout(400)  # several processes begin at once, on machines that have other things to do


async def test_one_pod_serves_a_small_inn_once_its_database_is_migrated(cluster_of: Callable[..., Any]) -> None:
    inn = cluster_of("minimal.yaml", profile="compact")
    web = inn.kubelet.start("concierge-web")
    web.until("startupProbe")
    async with httpx.AsyncClient(base_url=web.url, trust_env=False) as probe:
        early = await probe.get("/readyz")
    twins = [inn.kubelet.start("concierge-migrate") for _ in range(2)]
    migrated = [twin.process.wait(120) for twin in twins]
    web.until("readinessProbe")
    guest = inn.guest()
    async with guest.connected():
        await guest.write("When is breakfast?")
        reply = await guest.reply()
        with inn.browser() as browser:
            signed_in = inn.sign_in(browser, "admin@pension-lindenhof.local")
        code = web.end()
        bye = await guest.frame("bye")

    assert (early.status_code, early.text.split(":")[0]) == (503, "the database is not migrated to this version yet")
    assert migrated == [0, 0], [twin.log for twin in twins]
    assert "7:30" in reply["text"]
    assert signed_in.status_code == 303
    assert (bye["reason"], code) == ("restart", 0)
    assert "Traceback" not in web.log
    assert web.written() == []


async def test_a_closed_house_says_when_it_opens_again_and_needs_nothing(cluster_of: Callable[..., Any]) -> None:
    hotel = cluster_of("sidrabay-oman.yaml", suspend={"active": True, "reopensOn": "2027-10-01"})
    pod = hotel.kubelet.start("concierge-chat")
    pod.until("startupProbe")
    pod.until("readinessProbe")
    with hotel.browser() as browser:
        english = browser.get("/", headers={"accept-language": "en"})
        arabic = browser.get("/", headers={"accept-language": "ar"})
        staff = browser.get("/admin/")
        property_ = browser.get("/api/property").json()
        session = browser.post("/api/sessions", json={})
        widget = browser.get("/widget.js")
    frame = await _first_frame(hotel, pod.url)

    assert "1/10/2027" in english.text
    assert 'dir="rtl"' in arabic.text
    assert (staff.status_code, staff.headers["location"]) == (307, "/")
    assert property_["closed"]["reopens_on"] == "2027-10-01"
    assert (session.status_code, session.json()["code"]) == (503, "closed")
    assert "1/10/2027" in session.json()["detail"]
    assert widget.status_code == 200
    assert (frame["code"], "1/10/2027" in frame["message"]) == ("closed", True)
    assert pod.end() == 0
    assert "Traceback" not in pod.log


async def _first_frame(hotel: Any, url: str) -> dict[str, Any]:
    headers = {"x-forwarded-proto": "https"}
    address, page = url.replace("http", "ws", 1) + "/ws", f"https://{hotel.host}"
    async with connect(address, origin=page, additional_headers=headers) as socket:  # type: ignore[arg-type]
        frame: dict[str, Any] = json.loads(await socket.recv())
        return frame

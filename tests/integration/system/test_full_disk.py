"""The disk of a running property fills up: the guest is told the truth, keeps the message, and it arrives once."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from processes import Disk, family

SAUNA = {"client_id": "m2", "text": "Is there a sauna?"}


@pytest.mark.timeout(240)
async def test_a_full_disk_is_told_and_what_was_kept_is_sent_once_when_there_is_room(start_house, guest_of):
    house = await asyncio.to_thread(start_house, "minimal.yaml")
    (web,) = [p.pid for p in family(house.process.pid) if p.command == "concierge_cli.web"]
    disk, guest = Disk(web), guest_of(house.url)
    async with guest.connected(), httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        await guest.write("When is breakfast?", "m1")
        await guest.reply()
        other = {"authorization": f"Bearer {(await http.post('/api/sessions')).json()['token']}"}

        disk.fill()
        await guest.send("message.send", **SAUNA)
        told = await guest.frame("error")
        refused = await http.post("/api/messages", json=SAUNA, headers=other)
        seen = len(guest.seen)
        here = (await http.get("/api/conversation", headers=other)).json()["messages"]

        disk.make_room()
        seq = await guest.write(SAUNA["text"], SAUNA["client_id"])
        answer = await guest.reply()
        taken = [await http.post("/api/messages", json=SAUNA, headers=other) for _ in range(2)]

    assert (told["code"], told["client_id"], told["about"]) == ("unavailable", "m2", "message.send")
    assert "your message was not sent" in told["message"]
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert here == []
    assert [m["author"] for m in guest.seen[:seen]] == ["guest", "concierge"]
    assert seq == 3
    assert [m["seq"] for m in guest.seen if m["text"] == SAUNA["text"]] == [3]
    assert answer["seq"] == 4
    assert [t.status_code for t in taken] == [201, 200]
    assert house.process.poll() is None
    assert "ended by itself" not in house.output()
    assert house.stop() == 0

"""One trace leads from the guest's message through the model to the delivered reply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from receivers import Collector, listening


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    spans = Collector()
    with listening(spans.receive) as port:
        yield spans, f"http://127.0.0.1:{port}"


async def test_a_message_is_one_trace_from_the_guest_to_the_delivered_reply(start_house, collector, guest_of):
    spans, url = collector
    house = start_house("minimal.yaml", env={"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "200"})
    async with guest_of(house.url).connected() as guest:
        await guest.write("When is breakfast, my secret word is xylophone?")
        await guest.reply()

    names = spans.wait_for("guest_message", "turn", "POST ai", "deliver_reply")

    assert {"guest_message", "turn", "POST ai", "deliver_reply"} <= names
    assert b"xylophone" not in spans.raw
    house.stop()

"""One trace leads from the guest's message through the model to the delivered reply."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """An OTLP receiver: spans by trace id."""

    def __init__(self) -> None:
        self.traces: defaultdict[bytes, set[str]] = defaultdict(set)
        self.attributes: dict[str, str] = {}
        self.raw = b""
        self.changed = threading.Condition()

    def receive(self, body: bytes) -> None:
        """Note all spans of a request."""
        request = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            self.raw += body
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self.traces[span.trace_id].add(span.name)
                        self.attributes |= {a.key: a.value.string_value for a in span.attributes}
            self.changed.notify_all()

    def wait_for(self, *names: str) -> set[str]:
        """The names of the trace that has all these spans."""
        with self.changed:
            assert self.changed.wait_for(lambda: self._having(names), timeout=30), dict(self.traces)
            return self._having(names) or set()

    def _having(self, names: tuple[str, ...]) -> set[str] | None:
        return next((t for t in self.traces.values() if set(names) <= t), None)


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    spans = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            spans.receive(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield spans, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


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

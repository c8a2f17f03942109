"""Who listens for traces and error reports, played on loopback: an OTLP collector and a Sentry."""

from __future__ import annotations

import gzip
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """An OTLP receiver: spans by trace id."""

    def __init__(self) -> None:
        self.traces: defaultdict[bytes, set[str]] = defaultdict(set)
        self.attributes: dict[str, str] = {}
        self.raw = b""
        self.paths: set[str] = set()
        self.changed = threading.Condition()

    def receive(self, path: str, body: bytes) -> None:
        """Note all spans of a request."""
        request = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            self.raw += body
            self.paths.add(path)
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


class ErrorReports:
    """A Sentry: the envelopes that came."""

    def __init__(self) -> None:
        self.raw = b""
        self.changed = threading.Condition()

    def receive(self, _path: str, body: bytes) -> None:
        """Note an envelope."""
        with self.changed:
            self.raw += body
            self.changed.notify_all()

    def wait_for(self, word: bytes) -> bytes:
        """All that came, once it holds the word."""
        with self.changed:
            assert self.changed.wait_for(lambda: word in self.raw, timeout=45), self.raw
            return self.raw


@contextmanager
def listening(receive: Callable[[str, bytes], None]) -> Iterator[int]:
    """An HTTP server that hands over what is posted to it; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receive(self.path, gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

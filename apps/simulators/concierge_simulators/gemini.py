"""Gemini, played on loopback: the real wire format for the real client, at a chosen speed, with faults on demand.

In tests: `async with GeminiServer() as server: …  server.url`, `server.script.once(Behaviour(fault=Fault.CUT))`.
As a program: `python -m concierge_simulators.gemini --port 9099 --tokens-per-second 50`; then point
`CONCIERGE_GEMINI_BASE_URL` at it. `PUT /control` with `{"fault": "cut"}` (or `{}`) changes what a running one does.
Keys that clients send are neither kept nor logged.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from concierge_simulators import gemini_mind, gemini_wire
from concierge_simulators.gemini_script import Behaviour, Fault, Script

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/(?P<model>[\w.\-]+):(?P<method>generateContent|streamGenerateContent)")
_STATUS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error",
           503: "Service Unavailable"}  # fmt: skip
_HTTP_FAULTS = {
    Fault.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED"),
    Fault.SERVER_ERROR: (500, "INTERNAL"),
    Fault.UNAVAILABLE: (503, "UNAVAILABLE"),
    Fault.REFUSED: (400, "INVALID_ARGUMENT"),
}
_WORD = re.compile(r"\s*\S+\s*$|\s*\S+")
_CUT_AFTER = 0.5


@dataclass
class Recorded:
    """A request that came, and when (monotonic) which piece of the reply left. The API key is not kept."""

    model: str
    streamed: bool
    body: dict[str, Any]
    has_key: bool
    at: float
    sent: list[tuple[float, str]] = field(default_factory=list)


class GeminiServer:
    """The server; listens while the `async with` block lasts. Times in seconds, speed in tokens (words) a second; 0 is
    as fast as it goes."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        first_token_seconds: float = 0.0,
        tokens_per_second: float = 0.0,
    ) -> None:
        self.script = Script()
        self.requests: list[Recorded] = []
        self.url = ""
        self._host, self._port = host, port
        self._first_token_seconds = first_token_seconds
        self._tokens_per_second = tokens_per_second
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def open_connections(self) -> int:
        """Connections that clients hold open now."""
        return len(self._open)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self.url = f"http://{self._host}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection is over."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        verb, target, _ = head[0].split(" ")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        if verb == "PUT" and path == "/control":
            self._control(json.loads(raw or b"{}"))
            return await _answer(writer, 200, b"{}")
        match = _PATH.fullmatch(path)
        if verb != "POST" or match is None:
            return await _answer(writer, 404, gemini_wire.error(404, "NOT_FOUND", "no such model"))
        streamed = match["method"] == "streamGenerateContent"
        has_key = bool(headers.get("x-goog-api-key")) or "key=" in query
        seen = Recorded(match["model"], streamed, json.loads(raw), has_key, time.monotonic())
        self.requests.append(seen)
        return await self._reply(reader, writer, seen, self.script.take(seen.model))

    def _control(self, wanted: dict[str, Any]) -> None:
        self.script.reset()
        if wanted:
            fault = Fault(wanted.pop("fault")) if wanted.get("fault") else None
            self.script.always(Behaviour(fault=fault, **wanted))

    async def _reply(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Recorded, behaviour: Behaviour
    ) -> bool:
        fault = behaviour.fault
        if fault is Fault.DROPPED:
            return False
        if fault is Fault.HANG:
            await reader.read()  # until the client gives up
            return False
        if fault in _HTTP_FAULTS:
            status, name = _HTTP_FAULTS[fault]
            extra = {} if behaviour.retry_after is None else {"retry-after": str(behaviour.retry_after)}
            return await _answer(writer, status, gemini_wire.error(status, name, "simulated"), extra)
        if not seen.streamed:
            chunks = [c async for c in self._chunks(seen, behaviour) if isinstance(c, dict)]
            return await _answer(writer, 200, json.dumps(gemini_wire.whole(chunks), ensure_ascii=False).encode())
        return await self._stream(reader, writer, seen, behaviour)

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Recorded, behaviour: Behaviour
    ) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
            b"connection: keep-alive\r\n\r\n"
        )
        async for chunk in self._chunks(seen, behaviour):
            if chunk is None:  # the cut
                await writer.drain()
                # Closed, not aborted: a reset would throw away what the client has not read yet.
                writer.close()
                return False
            data = chunk if isinstance(chunk, bytes) else gemini_wire.sse(chunk)
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
        if behaviour.fault is Fault.STALL:
            await reader.read()  # until the client gives up
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _chunks(self, seen: Recorded, behaviour: Behaviour) -> AsyncIterator[dict[str, Any] | bytes | None]:
        """The stream's events; raw bytes for garbage, None where the connection breaks."""
        fault = behaviour.fault
        await asyncio.sleep(_given(behaviour.first_token_seconds, self._first_token_seconds))
        if fault is Fault.BLOCKED:
            yield gemini_wire.blocked_chunk(seen.model)
            return
        text, calls = self._said(seen, behaviour)
        pieces = [] if fault is Fault.EMPTY else list(behaviour.pieces or _WORD.findall(text))
        speed = _given(behaviour.tokens_per_second, self._tokens_per_second)
        breaks_at = max(1, int(len(pieces) * _CUT_AFTER)) if fault in _BREAKING else None
        for number, piece in enumerate(pieces):
            if number and speed:
                await asyncio.sleep(1 / speed)
            if number == breaks_at:
                if behaviour.breaks_when is not None:
                    await behaviour.breaks_when.wait()
                break
            seen.sent.append((time.monotonic(), piece))
            yield gemini_wire.text_chunk(piece)
        if calls:
            yield gemini_wire.call_chunk(calls)
        async for ending in self._ending(seen, fault, len(pieces)):
            yield ending

    async def _ending(
        self, seen: Recorded, fault: Fault | None, tokens: int
    ) -> AsyncIterator[dict[str, Any] | bytes | None]:
        if fault is Fault.CUT:
            yield None
        elif fault is Fault.GARBAGE:
            yield b'data: {"candidates": [{"content\xff\xfe <<<>>>\r\n\r\n'
        elif fault not in (Fault.ENDED_EARLY, Fault.STALL):
            prompt = len(json.dumps(seen.body)) // 4
            finish = "SAFETY" if fault is Fault.UNSAFE else "STOP"
            yield gemini_wire.last_chunk(finish, prompt_tokens=prompt, output_tokens=tokens, model=seen.model)

    def _said(self, seen: Recorded, behaviour: Behaviour) -> gemini_mind.Said:
        if behaviour.fault is Fault.UNKNOWN_TOOL:
            return "", [("open_the_minibar", {"room": "1"})]
        if behaviour.fault is Fault.WRONG_ARGUMENTS:
            return "", [("service_request", {"what": 7})]
        if behaviour.fault is Fault.TOOL_LOOP:
            return "", [("service_request", {"kind": "towels", "summary": "towels, please"})]
        if behaviour.text is not None or behaviour.pieces is not None or behaviour.calls:
            return behaviour.text or "", list(behaviour.calls)
        return gemini_mind.answer(seen.body)


_BREAKING = (Fault.STALL, Fault.CUT, Fault.GARBAGE, Fault.ENDED_EARLY, Fault.UNSAFE)


async def _answer(writer: asyncio.StreamWriter, status: int, body: bytes, extra: dict[str, str] | None = None) -> bool:
    headers = {"content-type": "application/json", "content-length": str(len(body)), **(extra or {})}
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    writer.write(f"HTTP/1.1 {status} {_STATUS[status]}\r\n{lines}\r\n".encode() + body)
    await writer.drain()
    return True


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m concierge_simulators.gemini", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port (default: any free one; it is printed)")
    parser.add_argument("--first-token", type=float, default=0.3, metavar="S", help="seconds to the first token")
    parser.add_argument("--tokens-per-second", type=float, default=50.0, metavar="N", help="0: as fast as it goes")
    parser.add_argument("--fault", choices=[f.value for f in Fault], help="what goes wrong with every request")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> None:
    server = GeminiServer(
        host=arguments.host,
        port=arguments.port,
        first_token_seconds=arguments.first_token,
        tokens_per_second=arguments.tokens_per_second,
    )
    if arguments.fault:
        server.script.always(Behaviour(fault=Fault(arguments.fault)))
    async with server:
        print(f"Gemini is played at {server.url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()

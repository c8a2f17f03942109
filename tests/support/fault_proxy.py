"""Stands between an operator and the API server: lets everything through, counts it, and does harm where a test asks.

Requests come in as plain HTTP on loopback and go on to the API server's own TLS, with the token that they bring.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from control_plane import ControlPlane
from in_thread import in_thread

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


@dataclass(frozen=True)
class Asked:
    """One request, as it came in. `moment` is of the monotonic clock."""

    moment: float
    method: str
    path: str
    watch: bool

    @property
    def writes(self) -> bool:
        """It may change something, the Lease left aside."""
        return self.method != "GET" and "/leases" not in self.path

    def within(self, namespace: str) -> bool:
        """It is about something in this namespace."""
        return f"/namespaces/{namespace}/" in self.path


Which = Callable[[Asked], bool]
Harm = Callable[[web.Request], Awaitable[web.StreamResponse]]


def everything(_: Asked) -> bool:
    """Any request."""
    return True


def looks(asked: Asked) -> bool:
    """What a look at a tenant asks: neither watches nor lists over all namespaces, nor the Lease."""
    return "/namespaces/" in asked.path and not asked.watch and "/leases" not in asked.path


def watches(asked: Asked) -> bool:
    """Watches."""
    return asked.watch


def answers(status: int, reason: str, **headers: str) -> Harm:
    """The API server says no, in its own words."""

    async def harm(_: web.Request) -> web.StreamResponse:
        said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({**said, "message": f"played: {reason}"}, status=status, headers=names)

    return harm


async def silence(_: web.Request) -> web.StreamResponse:
    """No answer, ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def reset(request: web.Request) -> web.StreamResponse:
    """The connection breaks."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def gone(_: web.Request) -> web.StreamResponse:
    """The version from which to watch is too old."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired"}
    return web.Response(text=json.dumps({"type": "ERROR", "object": status}) + "\n", content_type="application/json")


async def empty(_: web.Request) -> web.StreamResponse:
    """A watch that ends as soon as it has begun."""
    return web.Response(text="", content_type="application/json")


async def torn(_: web.Request) -> web.StreamResponse:
    """A watch that ends in the middle of a word, and in good order: something in between was told to stop."""
    return web.Response(text='{"type":"MODIFIED","object":{"metadata":{"na', content_type="application/json")


@dataclass
class _Fault:
    harm: Harm
    which: Which
    times: int | None

    def hits(self, asked: Asked) -> bool:
        if self.times == 0 or not self.which(asked):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class FaultProxy:
    """A running one. `kubeconfig` leads through it."""

    plane: ControlPlane
    kubeconfig: Path
    asked: list[Asked] = field(default_factory=list)
    answered: Callable[[Asked], None] = lambda _: None
    """Hears of each request when its answer has gone out, or of a watch when it has ended."""
    _faults: list[_Fault] = field(default_factory=list)
    _mute: Which = lambda _: False

    @contextmanager
    def harming(self, harm: Harm, which: Which = everything, times: int | None = None) -> Iterator[None]:
        """Do harm to such requests, so many times or for as long as the block lasts."""
        fault = _Fault(harm, which, times)
        self._faults.append(fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    @contextmanager
    def half_open(self, which: Which = everything) -> Iterator[None]:
        """Such watches that are open now, or opened in the block, say nothing any more; for good, as of a dead peer."""
        self._mute = which
        try:
            yield
        finally:
            self._mute = lambda _: False

    def count(self, which: Which, since: float) -> int:
        """How many such requests came since that moment."""
        return sum(asked.moment >= since and which(asked) for asked in list(self.asked))

    def writes_during(self, seconds: float, namespace: str | None = None) -> list[Asked]:
        """Watch for so long: what was written."""
        began = time.monotonic()
        time.sleep(seconds)
        found = [asked for asked in list(self.asked) if asked.moment >= began and asked.writes]
        return [asked for asked in found if namespace is None or asked.within(namespace)]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        asked = Asked(time.monotonic(), request.method, request.path, request.query.get("watch") == "true")
        self.asked.append(asked)
        for fault in list(self._faults):
            if fault.hits(asked):
                return await fault.harm(request)  # type: ignore[arg-type]
        answer = await self._forward(request, asked)
        self.answered(asked)
        return answer

    async def serve(self, port: asyncio.Future[int]) -> None:
        """Until cancelled."""
        trusting = ssl.create_default_context(cafile=str(self.plane.certificate))
        connector = aiohttp.TCPConnector(ssl=trusting, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, read_bufsize=2**21
        ) as self._session:
            runner = web.ServerRunner(web.Server(self.handle), shutdown_timeout=0.1)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                port.set_result(runner.addresses[0][1])
                await asyncio.Event().wait()
            finally:
                await runner.cleanup()

    async def _forward(self, request: web.BaseRequest, asked: Asked) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = f"{self.plane.url}{request.raw_path}"
        try:
            body = await request.read() or None
            async with self._session.request(
                request.method, url, headers=headers, data=body, skip_auto_headers=["Content-Type"]
            ) as theirs:
                return await self._pass_on(request, asked, theirs)
        except (aiohttp.ClientError, ConnectionError):
            return await reset(request)  # type: ignore[arg-type]

    async def _pass_on(self, request: web.BaseRequest, asked: Asked, theirs: aiohttp.ClientResponse) -> Any:
        ours = web.StreamResponse(status=theirs.status)
        for name, value in theirs.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                ours.headers[name] = value
        await ours.prepare(request)
        async for chunk in theirs.content.iter_any():
            if asked.watch and self._mute(asked):
                await asyncio.Event().wait()
            await ours.write(chunk)
        await ours.write_eof()
        return ours


@contextmanager
def fault_proxy(plane: ControlPlane, folder: Path) -> Iterator[FaultProxy]:
    """For as long as the block lasts."""
    proxy = FaultProxy(plane, folder / "kubeconfig-through-proxy")
    found = threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        port = asyncio.get_running_loop().create_future()
        port.add_done_callback(lambda done: (ports.append(done.result()), found.set()))
        await proxy.serve(port)

    with in_thread(serve):
        assert found.wait(10)
        config = json.loads(plane.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{ports[0]}"}
        proxy.kubeconfig.write_text(json.dumps(config))
        yield proxy

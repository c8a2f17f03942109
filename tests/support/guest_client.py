"""A guest who speaks the protocol over a real WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect


class Guest:
    """One browser, as far as the server can tell."""

    def __init__(self, url: str, *, origin: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.url = url
        self._origin = origin or url
        self._headers = headers or {}
        self.token: str | None = None
        self.last_seq = 0
        self.seen: list[dict[str, Any]] = []
        self._socket: ClientConnection | None = None
        self._count = 0

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Guest]:
        """A socket, resumed where the last one ended."""
        address, page = self.url.replace("http", "ws", 1) + "/ws", self._origin
        async with connect(address, origin=page, max_queue=1024, additional_headers=self._headers) as socket:  # type: ignore[arg-type]
            self._socket = socket
            await self.send("hello", token=self.token, last_seq=self.last_seq or None)
            welcome = await self.frame("welcome")
            self.token = welcome["token"]
            yield self

    async def send(self, type_: str, **fields: Any) -> None:
        """Send a frame; fields that are None are left out."""
        assert self._socket
        await self._socket.send(json.dumps({"type": type_, **{k: v for k, v in fields.items() if v is not None}}))

    async def write(self, text: str, client_id: str | None = None) -> int:
        """Send a message and wait for its ack; its seq."""
        self._count += 1
        client_id = client_id or f"m{self._count}"
        await self.send("message.send", client_id=client_id, text=text)
        while True:
            ack = await self.frame("ack")
            if ack["client_id"] == client_id:
                return int(ack["seq"])

    async def reply(self) -> dict[str, Any]:
        """The next message of the concierge."""
        while True:
            message = await self.frame("message")
            if message["author"] == "concierge":
                return message

    async def frame(self, type_: str, seconds: float = 30) -> dict[str, Any]:
        """The next frame of that type; others are noted on the way."""
        assert self._socket
        async with asyncio.timeout(seconds):
            while True:
                frame = json.loads(await self._socket.recv())
                if frame["type"] == "message":
                    self.last_seq = max(self.last_seq, frame["seq"])
                    self.seen.append(frame)
                if frame["type"] == type_:
                    return frame

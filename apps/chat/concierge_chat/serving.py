"""How uvicorn serves guests' sockets: its settings, slow peers cut off, everybody told before the process ends.

For whoever runs the chat: `uvicorn.Config(app, **socket_options(settings.trusted_proxies))`, then
`DrainingServer(config, farewells=[desk.presence.drain])`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_HARD_LIMIT_BYTES = 64 * 1024
"""Past this the connection ends (1009). Frames between our own 8 KB and this are refused politely, and it lives."""
_ABORT_AFTER_SECONDS = 3.0
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class GuestSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket on the `websockets` library, with two changes for peers who stopped reading: a goodbye does
    not wait for room in their buffer, and the connection is cut off a moment after it, read or not."""

    async def send(self, message: Any) -> None:
        """As uvicorn's, but `websocket.close` and messages marked `urgent` never wait."""
        closing = message["type"] == "websocket.close"
        if closing or message.get("urgent"):
            self.writable.set()
        await super().send(message)
        if closing and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(_ABORT_AFTER_SECONDS, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Nobody answered our ping: nobody will read the rest either."""
        super().keepalive_timeout()
        self.loop.call_later(_ABORT_AFTER_SECONDS, self.transport.abort)


def socket_options(trusted_proxies: str = "") -> dict[str, Any]:
    """Keyword arguments of `uvicorn.Config`. `X-Forwarded-*` is believed from `trusted_proxies` only (as in
    `Settings`), which a property behind a TLS-terminating proxy needs; uvicorn alone would believe all of loopback.

    No compression: it costs some 50 KB per socket and saves little on short frames.
    """
    return {
        "ws": GuestSocket,
        "ws_max_size": _HARD_LIMIT_BYTES,
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
        "ws_per_message_deflate": False,
        "proxy_headers": bool(trusted_proxies.strip()),
        "forwarded_allow_ips": [part.strip() for part in trusted_proxies.split(",") if part.strip()],
        "server_header": False,
        "timeout_graceful_shutdown": 10,
    }


class DrainingServer(uvicorn.Server):
    """A server that says goodbye before it shuts down. `farewells` run while sockets are still open."""

    def __init__(self, config: uvicorn.Config, *, farewells: Sequence[Callable[[], Awaitable[None]]]) -> None:
        super().__init__(config)
        self._farewells = farewells

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the serving and nothing else: uvicorn would raise them again afterwards, and the
        process would be gone before it gave its unfinished turns back."""
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, say goodbye, then shut down as uvicorn does."""
        for server in self.servers:
            server.close()
        for farewell in self._farewells:
            await farewell()
        await super().shutdown(sockets)

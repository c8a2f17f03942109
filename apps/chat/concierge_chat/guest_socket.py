"""How uvicorn serves guests' sockets: frames bounded, slow peers cut off."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_HARD_LIMIT_BYTES = 64 * 1024
"""Past this the connection ends (1009). Frames between our own 8 KB and this are refused politely, and it lives."""
_ABORT_AFTER_SECONDS = 3.0


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


def socket_options() -> dict[str, Any]:
    """For `concierge_core.serving.Served.options`.

    No compression: it costs some 50 KB per socket and saves little on short frames.
    """
    return {
        "ws": GuestSocket,
        "ws_max_size": _HARD_LIMIT_BYTES,
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
        "ws_per_message_deflate": False,
    }

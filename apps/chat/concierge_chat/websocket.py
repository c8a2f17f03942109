"""`/ws`: the guest's socket, from the handshake on."""

from __future__ import annotations

from starlette.websockets import WebSocket

from concierge_chat.connection import POLICY, Connection
from concierge_chat.desk import Desk


async def serve_guest(socket: WebSocket, desk: Desk) -> None:
    """Refuse foreign pages before the handshake (the browser sees 403), then converse until either side leaves."""
    if not desk.welcomes(socket):
        await socket.close(POLICY)
        return
    await socket.accept()
    await Connection(socket, desk, desk.address_of(socket)).serve()

"""The chat app: the guest's socket, REST API, hosted page and widget."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.websockets import WebSocket

from concierge_chat.desk import Desk, open_desk
from concierge_chat.pages import Pages, add_pages, to_closed_page
from concierge_chat.rest import rest_router
from concierge_chat.websocket import serve_guest
from concierge_core import http
from concierge_core.runtime import Runtime


class ChatRouter(APIRouter):
    """All routes of the chat. `desk.presence.drain` is to be awaited before the server closes its sockets."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk


def router(runtime: Runtime) -> ChatRouter:
    """The chat's routes, for an app that serves others beside it."""
    desk = open_desk(runtime)
    chat = ChatRouter(desk)

    async def socket(websocket: WebSocket) -> None:
        await serve_guest(websocket, desk)

    # Starlette's plain route: FastAPI's would hold its dependency machinery for the life of every socket.
    chat.add_websocket_route("/ws", socket)
    chat.include_router(rest_router(desk))
    add_pages(chat, Pages(desk))
    return chat


def create_app(runtime: Runtime) -> FastAPI:
    """The chat alone in its process. `app.state.desk` is the desk (see `ChatRouter`)."""
    app = FastAPI(
        title="Concierge guest API",
        version="1",
        description="What a guest of the property can do. The live side is the WebSocket of docs/guest-protocol.md.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    chat = router(runtime)
    app.include_router(chat)
    app.state.desk = chat.desk
    http.dress(app, runtime, name="chat")
    if chat.desk.suspended:
        # The closed house's one pod answers under every path, the dashboard's too.
        app.add_api_route("/{elsewhere:path}", to_closed_page, methods=["GET", "HEAD"], include_in_schema=False)
    return app

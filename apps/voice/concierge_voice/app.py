"""The voice app: Twilio's webhooks at `/voice/*`."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from concierge_core.http import dress
from concierge_core.runtime import Runtime
from concierge_voice.webhooks import Webhooks


def router(runtime: Runtime) -> APIRouter:
    """The app's routes, to stand beside those of other apps."""
    webhooks = Webhooks(runtime)
    routes = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/voice/incoming", webhooks.incoming),
        ("/voice/gather", webhooks.gather),
        ("/voice/wait", webhooks.wait),
        ("/voice/status", webhooks.status),
    ):
        routes.add_api_route(path, endpoint, methods=["POST"])
    return routes


def create_app(runtime: Runtime) -> FastAPI:
    """The app as a process of its own."""
    app = FastAPI(title="Concierge voice", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(runtime))
    return dress(app, runtime, name="voice")

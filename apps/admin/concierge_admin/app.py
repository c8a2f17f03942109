"""The staff dashboard as an ASGI app, and as a router for a process that serves several apps on one port."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from concierge_admin import audit, auth, conversation, figures, inbox, knowledge, live, service_requests, settings
from concierge_admin.assets import PREFIX
from concierge_admin.desk import Desk, open_desk
from concierge_admin.pages import PageRoute
from concierge_core.errors import NotFound
from concierge_core.http import dress
from concierge_core.runtime import Runtime


def create_app(runtime: Runtime) -> FastAPI:
    """The dashboard of one property, all paths under `/admin`."""
    return app_around(router(runtime), runtime)


def app_around(routes: DashboardRouter, runtime: Runtime) -> FastAPI:
    """The app of a router that its caller keeps, to say farewell."""
    app = FastAPI(title="Concierge for staff", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(routes)
    return dress(app, runtime, name="admin")


class DashboardRouter(APIRouter):
    """All routes of the dashboard, and the desk behind them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(dependencies=[Depends(_seat(desk))], include_in_schema=False)
        self.desk = desk

    async def farewell(self) -> None:
        """Before the process ends: live connections close, so that nobody has to wait for them."""
        self.desk.live_places.close()


def router(runtime: Runtime) -> DashboardRouter:
    """All routes of the dashboard, tied to this property."""
    desk = open_desk(runtime)
    top = DashboardRouter(desk)
    top.include_router(_asset_routes(desk))
    # The inbox's last route takes every other address under /admin, so it comes last.
    for module in (auth, live, figures, audit, conversation, service_requests, knowledge, settings, inbox):
        top.include_router(module.routes)
    top.include_router(inbox.last_routes)
    return top


def _seat(desk: Desk) -> Callable[[Request], None]:
    def seat(request: Request) -> None:
        request.state.desk = desk

    return seat


def _asset_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(route_class=PageRoute)

    @routes.get(PREFIX + "{name}")
    async def asset(request: Request, name: str) -> Response:
        found = desk.assets.get(name)
        if found is None:
            raise NotFound("no such file")
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        if zipped:
            headers["content-encoding"] = "gzip"
        return Response(found.gzipped if zipped else found.body, media_type=found.media_type, headers=headers)

    return routes

"""The inbox: who waits, who is cared for, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from concierge_admin.gate import Visit, require
from concierge_admin.navigation import navigation
from concierge_admin.pages import PageRoute, fragment, go, page, told
from concierge_admin.permissions import Permission
from concierge_admin.reading import ROWS, View, inbox_counts, inbox_rows
from concierge_core.errors import NotFound

routes = APIRouter(route_class=PageRoute)
last_routes = APIRouter(route_class=PageRoute)
"""The address of nothing: included after all others."""
Reader = Annotated[Visit, Depends(require(Permission.CONVERSATION_READ))]
Before = Annotated[datetime | None, Query()]


@routes.get("/admin")
async def front_door(visit: Reader) -> Response:
    """People type it without the slash."""
    return go("/admin/")


@routes.get("/admin/")
async def inbox(
    request: Request, visit: Reader, view: View = View.WAITING, before: Before = None, said: str | None = None
) -> Response:
    """One view. Without a choice: hand-offs that wait, or everything when nobody waits."""
    values = await _listing(visit, view, before)
    if "view" not in request.query_params and not values["rows"]:
        values = await _listing(visit, View.ALL, before)
    return await page(visit, "inbox.html", said=told(visit, said), **values)


@routes.get("/admin/inbox/rows")
async def rows(visit: Reader, view: View = View.WAITING, before: Before = None) -> Response:
    """The list and its counts, fetched again after each piece of news."""
    return fragment(visit, "partials/inbox_list.html", **await _listing(visit, view, before))


@routes.get("/admin/partials/navigation")
async def navigation_part(visit: Reader) -> Response:
    """The numbers in the frame."""
    return fragment(visit, "partials/navigation_counts.html", nav=await navigation(visit.desk.rt))


@last_routes.get("/admin/{path:path}", include_in_schema=False)
async def nothing(visit: Reader, path: str) -> Response:
    """Every other address under /admin."""
    raise NotFound(path)


async def _listing(visit: Visit, view: View, before: datetime | None) -> dict[str, Any]:
    rt = visit.desk.rt
    if before is not None and before.tzinfo is None:
        before = None
    found = await inbox_rows(rt, visit.staff, view, before)
    return {
        "view": view,
        "views": list(View),
        "rows": found,
        "counts": await inbox_counts(rt, visit.staff),
        "before": before,
        "older": found[-1].conversation.updated_at if len(found) == ROWS and view is not View.WAITING else None,
    }

"""Who did what: the newest entries of the audit table, for administrators. Read-only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, page
from concierge_admin.permissions import Permission

routes = APIRouter(route_class=PageRoute)
Auditor = Annotated[Visit, Depends(require(Permission.AUDIT_READ))]
_SHOWN = 200


@routes.get("/admin/audit")
async def audit(visit: Auditor) -> Response:
    """The list, newest first."""
    rt = visit.desk.rt
    async with rt.store.read() as unit:
        entries = await unit.audit.entries(rt.tenant_id, limit=_SHOWN)
        names = {s.id: s.name for s in await unit.staff.listed(rt.tenant_id)}
    return await page(visit, "audit.html", entries=[_shown(e, names) for e in entries])


def _shown(entry: dict[str, Any], names: dict[Any, str]) -> dict[str, Any]:
    """With the person's name; `path` leads to what it was about, where there is a page for it."""
    kind = entry["action"].partition(".")[0]
    places = {
        "conversation": "/admin/conversations/",
        "handoff": "/admin/conversations/",
        "knowledge": "/admin/knowledge/",
        "setting": "/admin/settings#",
    }
    path = places[kind] + entry["subject"] if kind in places else None
    return {**entry, "who": names.get(entry["actor"]), "path": path}

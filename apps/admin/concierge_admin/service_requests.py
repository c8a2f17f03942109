"""Service requests: work for the departments, as a list that shows what is due next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response

from concierge_admin import labels
from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, fragment, go, page, told
from concierge_admin.permissions import Permission
from concierge_admin.reading import callers_of
from concierge_admin.wording import N_
from concierge_core.domain.conversation import Priority
from concierge_core.domain.ids import ConversationId, RequestId, StaffId
from concierge_core.domain.requests import RequestState, ServiceRequest
from concierge_core.errors import Conflict, InvalidInput
from concierge_core.use_cases import staff as staff_use_cases

routes = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(require(Permission.REQUEST_READ))]
Worker = Annotated[Visit, Depends(require(Permission.REQUEST_WORK))]

DUE_CHOICES = (15, 30, 60, 120, 240, 1440)
"""Minutes offered in the form; "no due time" beside them."""
_HIGHEST_FIRST = tuple(reversed(Priority))
NEXT_STEPS: dict[RequestState, list[tuple[RequestState, str]]] = {
    RequestState.OPEN: [(RequestState.ACCEPTED, N_("Accept")), (RequestState.DONE, N_("Done"))],
    RequestState.ACCEPTED: [(RequestState.ON_THE_WAY, N_("On the way")), (RequestState.DONE, N_("Done"))],
    RequestState.ON_THE_WAY: [(RequestState.DONE, N_("Done"))],
    RequestState.DONE: [(RequestState.OPEN, N_("Open again"))],
    RequestState.CANCELLED: [(RequestState.OPEN, N_("Open again"))],
}


@routes.get("/admin/requests")
async def requests(
    visit: Reader,
    show: str = "open",
    department: str = "",
    conversation: str | None = None,
    said: str | None = None,
) -> Response:
    """The list; `conversation`: the form for a new one is open, for that guest."""
    values = await _listing(visit, show, department)
    form = await _blank_form(visit, conversation)
    return await page(visit, "requests.html", said=told(visit, said), problem=None, form=form, **values)


@routes.get("/admin/requests/rows")
async def rows(visit: Reader, show: str = "open", department: str = "") -> Response:
    """The list alone, fetched again after each piece of news."""
    return fragment(visit, "partials/request_list.html", **await _listing(visit, show, department))


@routes.post("/admin/requests")
async def make(
    visit: Worker,
    department: Annotated[str, Form(max_length=63)] = "",
    kind: Annotated[str, Form(max_length=40)] = "other",
    summary: Annotated[str, Form(max_length=20_000)] = "",
    room_number: Annotated[str, Form(max_length=200)] = "",
    priority: Annotated[str, Form(max_length=20)] = "normal",
    due_in_minutes: Annotated[str, Form(max_length=10)] = "",
    conversation_id: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Make one by hand."""
    form = {
        "department": department,
        "kind": kind,
        "summary": summary,
        "room_number": room_number.strip(),
        "priority": priority,
        "due_in_minutes": due_in_minutes,
        "conversation_id": conversation_id,
        "open": True,
    }
    problem = _problem(visit, form)
    if problem is None:
        try:
            await _make(visit, form)
        except InvalidInput:
            problem = visit.words.say("Please say in a few words what is needed.")
    if problem is not None:
        values = await _listing(visit, "open", "")
        return await page(visit, "requests.html", status=422, said=None, problem=problem, form=form, **values)
    return go(f"/admin/conversations/{conversation_id}?said=request_made" if conversation_id else _MADE)


_MADE = "/admin/requests?said=request_made"


@routes.post("/admin/requests/{request_id}/move")
async def move(
    visit: Worker,
    request_id: str,
    state: Annotated[RequestState, Form()],
    show: Annotated[str, Form(max_length=10)] = "open",
    department: Annotated[str, Form(max_length=63)] = "",
) -> Response:
    """Accept, on the way, done, cancel, open again."""
    problem, status = None, 200
    try:
        await staff_use_cases.move_request(
            visit.desk.rt, request_id=RequestId(request_id), state=state, staff=visit.staff
        )
    except Conflict:
        problem = visit.words.say("A colleague moved this request on meanwhile. Here is how it stands now.")
        status = 409
    values = await _listing(visit, show, department)
    if visit.wants_part:
        return fragment(visit, "partials/request_list.html", status=status, problem=problem, **values)
    if problem:
        form = await _blank_form(visit, None)
        return await page(visit, "requests.html", status=409, said=None, problem=problem, form=form, **values)
    chosen = values["department"]
    return go(f"/admin/requests?said=request_moved&show={values['show']}&department={chosen}")


async def _make(visit: Visit, form: dict[str, Any]) -> ServiceRequest:
    return await staff_use_cases.make_request(
        visit.desk.rt,
        staff=visit.staff,
        department=form["department"],
        kind=form["kind"],
        summary=form["summary"],
        room_number=form["room_number"] or None,
        priority=Priority(form["priority"]),
        due_in_minutes=int(form["due_in_minutes"]) if form["due_in_minutes"] else None,
        conversation_id=ConversationId(form["conversation_id"]) if form["conversation_id"] else None,
    )


def _problem(visit: Visit, form: dict[str, Any]) -> str | None:
    if visit.desk.rt.tenant.spec.property.department(form["department"]) is None:
        return visit.words.say("Please choose the department that will do it.")
    if form["kind"] not in labels.REQUEST_FORM_KIND or form["priority"] not in labels.PRIORITY:
        return visit.words.say("Please choose from the lists.")
    if form["due_in_minutes"] and form["due_in_minutes"] not in {str(m) for m in DUE_CHOICES}:
        return visit.words.say("Please choose from the lists.")
    if len(form["room_number"]) > 16:
        return visit.words.say("A room number has at most 16 characters.")
    if not form["summary"].strip() or len(form["summary"]) > 1_000:
        return visit.words.say("Please say in a few words what is needed.")
    return None


async def _listing(visit: Visit, show: str, department: str) -> dict[str, Any]:
    rt = visit.desk.rt
    everything = show == "all"
    if rt.tenant.spec.property.department(department) is None:
        department = ""
    async with rt.store.read() as unit:
        found = await unit.requests.listed(rt.tenant_id, open_only=not everything)
        names: dict[StaffId, str] = {s.id: s.name for s in await unit.staff.listed(rt.tenant_id)}
        chosen = [r for r in found if not department or r.department == department]
        callers = await callers_of(rt, unit, chosen)
    now = rt.clock.now()
    return {
        "requests": sorted(chosen, key=lambda request: _order(request, now)),
        "names": names,
        "callers": callers,
        "is_emergency": is_emergency,
        "show": "all" if everything else "open",
        "department": department,
        "departments": rt.tenant.spec.property.departments,
        "next_steps": NEXT_STEPS,
        "due_choices": DUE_CHOICES,
    }


def is_emergency(request: ServiceRequest) -> bool:
    """Somebody may be in danger: an emergency that the concierge passed on and nobody has dealt with yet."""
    return request.state.is_open and "emergency" in (request.kind, request.summary)


def _order(request: ServiceRequest, now: datetime) -> tuple[bool, bool, bool, int, float, float]:
    """Open before closed; then emergencies, late ones, the higher priority, what is due first, the older one.

    Of closed ones the newest first.
    """
    made = request.created_at.timestamp()
    if not request.state.is_open:
        return (True, True, True, 0, 0.0, -made)
    due = request.due_at.timestamp() if request.due_at else float("inf")
    rank = _HIGHEST_FIRST.index(request.priority)
    return (False, not is_emergency(request), due >= now.timestamp(), rank, due, made)


async def _blank_form(visit: Visit, conversation_id: str | None) -> dict[str, Any]:
    form: dict[str, Any] = {
        "department": "",
        "kind": "other",
        "summary": "",
        "room_number": "",
        "priority": "normal",
        "due_in_minutes": "30",
        "conversation_id": "",
        "open": False,
    }
    if not conversation_id:
        return form
    rt = visit.desk.rt
    async with rt.store.read() as unit:
        found = await unit.conversations.get(rt.tenant_id, ConversationId(conversation_id))
        guest = await unit.guests.get(rt.tenant_id, found.guest_id) if found else None
    if found is not None:
        form |= {"conversation_id": found.id, "room_number": (guest.room_number if guest else "") or "", "open": True}
    return form

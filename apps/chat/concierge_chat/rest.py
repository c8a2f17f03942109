"""The guest's REST API: the same use cases as the socket, for clients that can't hold one.

Every refusal is a problem document (RFC 9457). Browsers of the property's own page and of the allowed origins may call
it; no cookies are used, so nothing can be done in a guest's name without the token.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from concierge_chat import lookups, rest_models
from concierge_chat.desk import Desk
from concierge_chat.frames import guest_view, instant, message_view, ownership_view
from concierge_chat.languages import negotiated
from concierge_chat.problems import guest_route, preflight
from concierge_chat.property_view import property_view
from concierge_core.domain.conversation import Conversation
from concierge_core.errors import NotFound
from concierge_core.use_cases import guest as guest_use_cases
from concierge_core.use_cases.guest import Session

_PAGE = 200
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": rest_models.Problem, "description": "`bad_token`: no such session (any more)."},
    403: {"model": rest_models.Problem, "description": "`foreign_origin`: this website may not use the chat."},
    422: {"model": rest_models.Problem, "description": "`malformed`, `empty`, `too_long`, `bad_email` …"},
    429: {"model": rest_models.Problem, "description": "`too_many`: wait `retry_after_seconds`."},
    503: {"model": rest_models.Problem, "description": "`unavailable`: nothing was stored."},
}
_Credentials = Annotated[
    HTTPAuthorizationCredentials | None,
    Security(HTTPBearer(auto_error=False, description="The token that `POST /api/sessions` gave.")),
]


def _desk(request: Request) -> Desk:
    desk: Desk = request.state.desk
    return desk


_TheDesk = Annotated[Desk, Depends(_desk)]


async def _visitor(desk: _TheDesk, credentials: _Credentials) -> Session:
    token = credentials.credentials if credentials else ""
    if not token or await lookups.guest_of(desk.rt, token) is None:
        raise NotFound("no such session")
    return await guest_use_cases.start_session(desk.rt, token=token)


_Visitor = Annotated[Session, Depends(_visitor)]


async def _writer(request: Request, desk: _TheDesk, visitor: _Visitor) -> Session:
    await desk.limits.message(session=visitor.guest.id, address=desk.address_of(request))
    return visitor


_Writer = Annotated[Session, Depends(_writer)]


async def _doer(desk: _TheDesk, visitor: _Visitor) -> Session:
    await desk.limits.deed(session=visitor.guest.id)
    return visitor


_Doer = Annotated[Session, Depends(_doer)]


async def get_property(
    request: Request, response: Response, desk: _TheDesk, language: str = ""
) -> rest_models.Property:
    """Name, looks, first words and contact, in the wished language or the browser's."""
    spoken = negotiated(
        desk.rt.tenant.spec.property.languages,
        wished=language,
        accept_language=request.headers.get("accept-language", ""),
    )
    # Staff may change the first words at any time, and want to see what they did.
    response.headers["cache-control"] = "no-cache"
    return rest_models.Property.model_validate(property_view(desk.rt, spoken))


async def start_session(
    request: Request, desk: _TheDesk, credentials: _Credentials, wishes: rest_models.NewSession | None = None
) -> rest_models.Session:
    """Begin a session, or resume the one of the bearer token."""
    token = credentials.credentials if credentials else None
    if token is None:
        await desk.limits.new_session(address=desk.address_of(request))
    elif await lookups.guest_of(desk.rt, token) is None:
        raise NotFound("no such session")
    language = desk.rt.tenant.spec.property.supported(wishes.language if wishes else None)
    met = await guest_use_cases.start_session(desk.rt, language=language, token=token)
    conversation, staff_name = await lookups.conversation_now(desk.rt, met.conversation.id)
    view = _conversation_view(conversation, staff_name)
    return rest_models.Session.model_validate({**view, "token": met.token, "guest": guest_view(met.guest)})


async def get_conversation(
    response: Response,
    desk: _TheDesk,
    visitor: _Visitor,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="The last message you have.")] = 0,
) -> rest_models.ConversationPage:
    """The conversation and its messages after `after`, at most 200 at a time, in order."""
    messages = await lookups.messages_after(desk.rt, visitor.conversation.id, after, _PAGE)
    conversation, staff_name = await lookups.conversation_now(desk.rt, visitor.conversation.id)
    response.headers["cache-control"] = "no-store"
    return rest_models.ConversationPage.model_validate(
        {
            **_conversation_view(conversation, staff_name),
            "guest": guest_view(visitor.guest),
            "messages": [message_view(message) for message in messages],
            "more": len(messages) == _PAGE,
        }
    )


async def post_message(
    response: Response, desk: _TheDesk, writer: _Writer, new: rest_models.NewMessage
) -> rest_models.Posted:
    """Store a message. Answered when it is stored for good: 201, or 200 when it had been before."""
    posted = await guest_use_cases.post_message(
        desk.rt, conversation_id=writer.conversation.id, client_id=new.client_id, text=new.text
    )
    response.status_code = 200 if posted.duplicate else 201
    return rest_models.Posted(
        client_id=new.client_id,
        seq=posted.message.seq,
        at=instant(posted.message.created_at),
        duplicate=posted.duplicate,
    )


async def update_guest(desk: _TheDesk, doer: _Doer, details: rest_models.GuestDetails) -> rest_models.Guest:
    """Note the guest's details: what is left out stays, what is empty is forgotten."""
    guest = await guest_use_cases.update_guest(
        desk.rt,
        guest_id=doer.guest.id,
        conversation_id=doer.conversation.id,
        **details.model_dump(exclude_none=True),
    )
    return rest_models.Guest.model_validate(guest_view(guest))


async def request_person(desk: _TheDesk, doer: _Doer) -> rest_models.Conversation:
    """Hand the conversation to staff. What happens then is told in the conversation itself."""
    await guest_use_cases.request_person(desk.rt, conversation_id=doer.conversation.id)
    conversation, staff_name = await lookups.conversation_now(desk.rt, doer.conversation.id)
    return rest_models.Conversation.model_validate(_conversation_view(conversation, staff_name))


async def rate(desk: _TheDesk, doer: _Doer, new: rest_models.NewRating) -> None:
    """Say how it was; a later rating replaces an earlier one."""
    await guest_use_cases.rate(desk.rt, conversation_id=doer.conversation.id, score=new.score)


def rest_router(desk: Desk) -> APIRouter:
    """All of `/api`."""
    router = APIRouter(prefix="/api", tags=["guest"], route_class=guest_route(desk), responses=_PROBLEMS)
    lean: dict[str, Any] = {"response_model_exclude_none": True}
    router.get("/property", summary="The property", **lean)(get_property)
    router.post("/sessions", summary="Arrive", status_code=201, **lean)(start_session)
    router.get("/conversation", summary="Read", **lean)(get_conversation)
    router.post("/messages", summary="Write", status_code=201, **lean)(post_message)
    router.patch("/guest", summary="Introduce yourself", **lean)(update_guest)
    router.post("/person", summary="Ask for a person", status_code=202, **lean)(request_person)
    router.post("/rating", summary="Rate", status_code=204)(rate)
    router.add_api_route("/{anything:path}", preflight, methods=["OPTIONS"], include_in_schema=False)
    return router


def _conversation_view(conversation: Conversation, staff_name: str | None) -> dict[str, Any]:
    return {
        "conversation": conversation.id,
        "last_seq": conversation.last_seq,
        **ownership_view(conversation, staff_name),
        "language": conversation.language,
        "rating": conversation.rating,
    }

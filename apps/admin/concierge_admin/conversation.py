"""A conversation: all that was said, by whom and on what grounds; take over, reply, hand back, close.

Every answer to a change carries the same parts as the live update does (`partials/conversation_update.html`), so there
is one rendering of each. Without JavaScript the same forms answer with the whole page.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Response

from concierge_admin.gate import Visit, require
from concierge_admin.pages import PageRoute, fragment, go, page, told
from concierge_admin.permissions import Permission
from concierge_admin.reading import Thread, thread
from concierge_admin.wording import N_
from concierge_core.domain.conversation import Author, Message
from concierge_core.domain.events import TypingChanged
from concierge_core.domain.ids import ConversationId
from concierge_core.errors import Conflict, InvalidInput
from concierge_core.use_cases import guest as guest_use_cases
from concierge_core.use_cases import staff as staff_use_cases

routes = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(require(Permission.CONVERSATION_READ))]
Answerer = Annotated[Visit, Depends(require(Permission.CONVERSATION_ANSWER))]
Seq = Annotated[int, Query(ge=0)]
ShownSeq = Annotated[int, Form(ge=0)]
# Guest messages understood a moment after they were shown: their line of details is sent again.
_RECENT = 6
# Beyond any message: the conversation without its messages.
_NONE = 2**31 - 1

_NEWER = N_("There is a new message. Your draft is kept: read what is new, then send it or change it.")
_NOT_YOURS = N_("This conversation is not yours at the moment, so nothing was sent. Your draft is kept.")
_TAKEN = N_("%(name)s already takes care of this conversation, so it was not taken over twice.")
_EMPTY = N_("There is nothing to send yet. Write a few words first.")
_TOO_LONG = N_("This is longer than a message can be (4000 characters). Your draft is kept: please shorten it.")


@routes.get("/admin/conversations/{conversation_id}")
async def conversation(
    visit: Reader,
    conversation_id: str,
    before: Annotated[int | None, Query(ge=1)] = None,
    said: str | None = None,
) -> Response:
    """The page. `before`: messages earlier than that number."""
    found = await thread(visit.desk.rt, ConversationId(conversation_id), before_seq=before)
    return await page(visit, "conversation.html", said=told(visit, said), **_values(visit, found), before=before)


@routes.get("/admin/conversations/{conversation_id}/news")
async def news(visit: Reader, conversation_id: str, after: Seq = 0, holder: str = "") -> Response:
    """What came after message `after`; the composer only if who holds the conversation is not `holder` any more."""
    return await _update(visit, ConversationId(conversation_id), after, holder=holder)


@routes.post("/admin/conversations/{conversation_id}/take-over")
async def take_over(visit: Answerer, conversation_id: str, shown_seq: ShownSeq = 0) -> Response:
    """Become the one who answers."""
    key = ConversationId(conversation_id)
    try:
        await staff_use_cases.take_over(visit.desk.rt, conversation_id=key, staff=visit.staff)
    except Conflict:
        found = await thread(visit.desk.rt, key)
        name = found.owner.name if found.owner else visit.words.say("A colleague")
        return await _refused(visit, key, shown_seq, visit.words.say(_TAKEN, name=name))
    return await _done(visit, key, shown_seq)


@routes.post("/admin/conversations/{conversation_id}/hand-back")
async def hand_back(visit: Answerer, conversation_id: str, shown_seq: ShownSeq = 0) -> Response:
    """The concierge answers again."""
    key = ConversationId(conversation_id)
    try:
        await staff_use_cases.hand_back(visit.desk.rt, conversation_id=key, staff=visit.staff)
    except Conflict:
        return await _refused(visit, key, shown_seq, visit.words.say(_NOT_YOURS))
    return await _done(visit, key, shown_seq, said="handed_back")


@routes.post("/admin/conversations/{conversation_id}/close")
async def close(visit: Answerer, conversation_id: str, shown_seq: ShownSeq = 0) -> Response:
    """End it; the guest's next message opens it again. A colleague's conversation is theirs to close."""
    key = ConversationId(conversation_id)
    found = await thread(visit.desk.rt, key)
    if found.owner is not None and not found.is_mine(visit.staff):
        return await _refused(visit, key, shown_seq, visit.words.say(_NOT_YOURS))
    await staff_use_cases.close(visit.desk.rt, conversation_id=key, staff=visit.staff)
    return await _done(visit, key, shown_seq, said="closed")


@routes.post("/admin/conversations/{conversation_id}/reply")
async def reply(
    visit: Answerer,
    conversation_id: str,
    last_seen_seq: ShownSeq,
    client_id: Annotated[str, Form(min_length=8, max_length=48)],
    text: Annotated[str, Form(max_length=40_000)] = "",
) -> Response:
    """Answer the guest, unless they wrote something that this person has not seen yet."""
    key, rt = ConversationId(conversation_id), visit.desk.rt
    try:
        await staff_use_cases.reply(
            rt, conversation_id=key, staff=visit.staff, text=text, last_seen_seq=last_seen_seq, client_id=client_id
        )
    except InvalidInput as error:
        problem = visit.words.say(_TOO_LONG if error.code == "too_long" else _EMPTY)
        return await _refused(visit, key, last_seen_seq, problem, draft=text, status=422)
    except Conflict:
        mine = (await thread(rt, key)).is_mine(visit.staff)
        problem = visit.words.say(_NEWER if mine else _NOT_YOURS)
        return await _refused(visit, key, last_seen_seq, problem, draft=text)
    return await _done(visit, key, last_seen_seq)


@routes.post("/admin/conversations/{conversation_id}/typing")
async def typing(visit: Answerer, conversation_id: str, active: Annotated[bool, Form()] = False) -> Response:
    """Let the guest see that somebody writes; only from the one who may answer."""
    found = await thread(visit.desk.rt, ConversationId(conversation_id), after_seq=_NONE)
    if found.is_mine(visit.staff):
        event = TypingChanged(found.conversation.id, Author.STAFF.value, active)
        await visit.desk.rt.broadcast.publish(visit.desk.rt.tenant_id, event)
    return Response(status_code=204)


@routes.post("/admin/conversations/{conversation_id}/read")
async def read(visit: Answerer, conversation_id: str, seq: ShownSeq) -> Response:
    """The one who answers has seen the conversation up to here; a colleague's glance changes nothing."""
    found = await thread(visit.desk.rt, ConversationId(conversation_id), after_seq=_NONE)
    if found.is_mine(visit.staff) and found.conversation.staff_read_seq < seq:
        await guest_use_cases.mark_read(visit.desk.rt, {found.conversation.id: seq}, by=Author.STAFF)
    return Response(status_code=204)


async def _done(visit: Visit, key: ConversationId, shown_seq: int, said: str | None = None) -> Response:
    if visit.wants_part:
        return await _update(visit, key, shown_seq, notice=told(visit, said))
    return go(f"/admin/conversations/{key}" + (f"?said={said}" if said else ""))


async def _refused(
    visit: Visit, key: ConversationId, shown_seq: int, problem: str, *, draft: str = "", status: int = 409
) -> Response:
    """Nothing was done: say why, show what is new, keep the draft."""
    if visit.wants_part:
        return await _update(visit, key, shown_seq, problem=problem, draft=draft, status=status)
    found = await thread(visit.desk.rt, key)
    values = _values(visit, found, problem=problem, draft=draft, new_after=shown_seq)
    return await page(visit, "conversation.html", status=status, said=None, before=None, **values)


async def _update(
    visit: Visit,
    key: ConversationId,
    after: int,
    *,
    holder: str | None = None,
    notice: str | None = None,
    problem: str | None = None,
    draft: str = "",
    status: int = 200,
) -> Response:
    found = await thread(visit.desk.rt, key, after_seq=max(0, after - _RECENT))
    values = _values(visit, found, problem=problem, draft=draft, new_after=after if problem else None)
    return fragment(
        visit,
        "partials/conversation_update.html",
        status=status,
        new=[m for m in found.messages if m.seq > after],
        understood=[m for m in found.messages if m.seq <= after and _is_understood(m)],
        with_composer=holder != found.holder(visit.staff),
        notice=notice,
        **values,
    )


def _is_understood(message: Message) -> bool:
    return message.author is Author.GUEST and message.understanding is not None


def _values(
    visit: Visit, found: Thread, *, problem: str | None = None, draft: str = "", new_after: int | None = None
) -> dict[str, Any]:
    return {
        "thread": found,
        "conversation": found.conversation,
        "guest": found.guest,
        "holder": found.holder(visit.staff),
        "client_id": secrets.token_hex(16),
        "problem": problem,
        "draft": draft,
        "new_after": new_after,
    }

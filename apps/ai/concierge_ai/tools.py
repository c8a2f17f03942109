"""What the concierge can do besides answering. Each call is journalled in the transaction of its effect.

The guest's verification is checked here, at each call, whatever a model believes. A turn that is no longer this
attempt's may not act. Another attempt, or another rung of the same attempt, finds what was done and does not
repeat it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import structlog

from concierge_ai.lexicon import read_data
from concierge_core.ai_wire import ReplyRequest
from concierge_core.domain.conversation import Author, Priority
from concierge_core.domain.events import RequestChanged
from concierge_core.domain.ids import ConversationId, GuestId, RequestId, TurnId, new_id
from concierge_core.domain.requests import ServiceRequest
from concierge_core.domain.turns import is_current
from concierge_core.domain.wording import mask_cards
from concierge_core.errors import Conflict
from concierge_core.ports import Unit
from concierge_core.runtime import Runtime
from concierge_core.use_cases.telling import publish
from concierge_core.work.names import NOTIFY_REQUEST

log = structlog.get_logger()
SERVICE_REQUEST = "service_request"
MAX_SUMMARY = 300
MAX_ACTIONS = 3
"""Different things done in one turn."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. `refused`: why not (`not_verified`, `not_offered`, `turn_over`, `unknown_kind`, `too_many`,
    `unavailable`)."""

    ok: bool
    number: int | None = None
    refused: str | None = None

    def facts(self) -> dict[str, Any]:
        """As the model and the journal see it."""
        return {k: v for k, v in (("ok", self.ok), ("number", self.number), ("refused", self.refused)) if v is not None}


class TurnTools:
    """The tools of one attempt at one turn."""

    def __init__(self, runtime: Runtime, request: ReplyRequest) -> None:
        self._rt = runtime
        self._request = request
        self._results: dict[str, ToolResult] = {}
        self._taken: set[str] = set()

    def begin_rung(self) -> None:
        """Another rung speaks for the same turn: what the rung before did counts as done before."""
        self._results.clear()
        self._taken.clear()

    async def service_request(self, *, kind: str, summary: str, room: str | None = None) -> ToolResult:
        """Ask a department for something; `kind` is a key of `data/kinds.json`. Raises `Unavailable`."""
        room = self._request.room_number or room
        arguments = {"kind": kind, "summary": summary, "room": room}
        refused = self._refusal(kind)
        if refused:
            return ToolResult(False, refused=refused)
        same = call_key(SERVICE_REQUEST, arguments, 0)
        if same in self._results:  # a model that repeats itself means the same thing
            return self._results[same]
        if len(self._results) >= MAX_ACTIONS:
            return ToolResult(False, refused="too_many")
        key = call_key(SERVICE_REQUEST, arguments, len(self._results))
        try:
            result, event = await self._once(key, kind, summary, room)
        except Conflict:  # somebody journalled the same call between our look and our note: theirs stands
            result, event = await self._once(key, kind, summary, room)
        self._results[same] = result
        if event is not None:
            await publish(self._rt, [event])
        return result

    def _refusal(self, kind: str) -> str | None:
        kinds: dict[str, dict[str, Any]] = read_data("kinds")
        offered = self._rt.tenant.spec.ai.tools
        if kind not in kinds:
            return "unknown_kind"
        if not offered.service_requests or (kind == "late_check_out" and not offered.late_check_out.enabled):
            return "not_offered"
        return "not_verified" if self._request.verification < kinds[kind].get("verification", 0) else None

    async def _once(
        self, key: str, kind: str, summary: str, room: str | None
    ) -> tuple[ToolResult, RequestChanged | None]:
        tenant, turn_id = self._rt.tenant_id, TurnId(self._request.turn_id)
        async with self._rt.store.write() as unit:
            done = self._done_before(await unit.turns.journalled(tenant, turn_id), key, kind)
            if done is not None:
                return done, None
            turn = await unit.turns.get(tenant, turn_id)
            if turn is None or not is_current(turn, self._request.attempt):
                return ToolResult(False, refused="turn_over"), None
            made, event = await self._make(unit, kind, summary, room)
            result = ToolResult(True, number=made.number)
            noted = {**result.facts(), "tool": SERVICE_REQUEST, "kind": kind}
            await unit.turns.journal(tenant, turn_id, key, SERVICE_REQUEST, noted)
        self._taken.add(key)
        return result, event

    def _done_before(self, journal: dict[str, dict[str, Any]], key: str, kind: str) -> ToolResult | None:
        """The same call's result; else that of an earlier attempt's call of this kind, however worded."""
        for known in (key, *(k for k, r in journal.items() if r.get("kind") == kind)):
            if known in journal and known not in self._taken:
                self._taken.add(known)
                return ToolResult(bool(journal[known].get("ok")), number=journal[known].get("number"))
        return None

    async def _make(
        self, unit: Unit, kind: str, summary: str, room: str | None
    ) -> tuple[ServiceRequest, RequestChanged]:
        rt, now = self._rt, self._rt.clock.now()
        conversation = ConversationId(self._request.conversation_id)
        made = ServiceRequest(
            id=RequestId(new_id(now)),
            number=await unit.requests.next_number(rt.tenant_id),
            department=self._department(kind),
            kind=kind,
            summary=mask_cards(summary).strip()[:MAX_SUMMARY],
            created_by=Author.CONCIERGE,
            created_at=now,
            updated_at=now,
            room_number=room[:20] if room else None,
            conversation_id=conversation,
            guest_id=GuestId(self._request.guest_id),
        )
        if kind == "repair":
            made = replace(made, priority=Priority.HIGH)
        await unit.requests.add(rt.tenant_id, made)
        event = RequestChanged(made.id, conversation)
        await unit.outbox.add(rt.tenant_id, event)
        await unit.outbox.add_task(rt.tenant_id, NOTIFY_REQUEST, {"request_id": made.id})
        await unit.audit.add(
            rt.tenant_id, actor="concierge", action="request.made", subject=made.id, details={"kind": kind}, now=now
        )
        return made, event

    def _department(self, kind: str) -> str:
        wanted: str = read_data("kinds")[kind]["department"]
        spec = self._rt.tenant.spec
        return wanted if spec.property.department(wanted) else spec.chat.handoff.fallback_department


def call_key(name: str, arguments: dict[str, Any], ordinal: int) -> str:
    """The journal's key of a call: the same for the same call at the same place of the turn."""
    written = json.dumps([name, arguments, ordinal], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]

"""A model's try at a reply, with a model that says what it is told to."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from concierge_ai import offered_tools
from concierge_ai.grounding import Evidence
from concierge_ai.model import Call, Model, ModelChat, Opening, Piece
from concierge_ai.model_reply import Assignment, ModelReply, RungFailed
from concierge_ai.offered_tools import HAND_OFF, REASONS
from concierge_ai.tools import SERVICE_REQUEST, ToolResult, TurnTools
from concierge_ai.understanding import read
from concierge_core.ai_wire import Done, Handoff, ReplyRequest, Sentence
from concierge_core.clock import SystemClock

TAXI = Call("1", SERVICE_REQUEST, {"kind": "taxi", "summary": "Taxi at 7:45 for €63, room 812", "room": "812"})


class PlayedModel:
    """Says one contribution after the other."""

    name = "played"

    def __init__(self, *contributions: Piece) -> None:
        self._left = list(contributions)

    def open(self, _opening: Opening) -> ModelChat:
        return cast("ModelChat", self)

    async def stream(self) -> AsyncGenerator[Piece, None]:
        yield self._left.pop(0)

    def answer(self, call: Call, result: str) -> None:
        """Hears what came of it."""

    async def close(self) -> None:
        """Nothing is open."""


class OneResult:
    """Tools that always bring this."""

    def __init__(self, result: ToolResult) -> None:
        self._result = result

    async def service_request(self, **_: Any) -> ToolResult:
        return self._result


async def reply(asked: str, result: ToolResult, *said: Piece) -> list[Any]:
    """Everything the guest would be shown, and the ending."""
    request = ReplyRequest(
        tenant="t", conversation_id="c", turn_id="t", attempt=1, guest_id="g", channel="web", messages=[asked]
    )
    reading = read([asked], [], languages=["en"], current="en")
    task = Assignment(request, reading, Opening("", ()), "gemini", Done(rung="gemini"))
    tools = cast("TurnTools", OneResult(result))
    model = cast("Model", PlayedModel(*said))
    until = time.monotonic() + 5
    tried = ModelReply(model, task, evidence=Evidence([]), tools=tools, clock=SystemClock(), until=until)
    return [event async for event in tried.events()]


def shown(events: list[Any]) -> str:
    return "".join(e.text for e in events if isinstance(e, Sentence))


async def test_what_only_the_model_put_into_a_refused_call_is_never_told() -> None:
    claims = Piece(text="Your taxi at 7:45 costs €63. A colleague can help you.", finish="STOP")
    refused = ToolResult(False, refused="not_offered")
    with pytest.raises(RungFailed, match="ungrounded"):
        await reply("Can you get me a taxi?", refused, Piece(calls=(TAXI,), finish="STOP"), claims)


async def test_after_a_refused_call_not_even_the_guests_own_wish_sounds_granted() -> None:
    claims = Piece(text="That will be at 7:45. I am sorry, this did not work.", finish="STOP")
    refused = ToolResult(False, refused="unavailable")
    with pytest.raises(RungFailed, match="ungrounded"):
        await reply("A taxi at 7:45 please", refused, Piece(calls=(TAXI,), finish="STOP"), claims)


async def test_after_a_made_request_its_number_and_the_guests_words_may_be_repeated_but_no_price() -> None:
    said = Piece(text="Request 41 for your taxi at 7:45 is noted. It costs €63.", finish="STOP")
    made = ToolResult(True, number=41)
    events = await reply("A taxi at 7:45 please", made, Piece(calls=(TAXI,), finish="STOP"), said)
    assert "41" in shown(events)
    assert "7:45" in shown(events)
    assert "63" not in shown(events)


@pytest.mark.parametrize("given", [*REASONS, "Mrs Smith, room 12, is angry", 7, None, ["x"]])
async def test_the_reason_of_a_hand_off_is_always_one_of_a_few_codes(given: object) -> None:
    call = Call("1", HAND_OFF, {"reason": given})
    events = await reply("Please help", ToolResult(True), Piece(calls=(call,), finish="STOP"))
    ending = events[-1]
    assert isinstance(ending, Handoff)
    assert ending.reason == (given if given in REASONS else "other")


def test_a_hand_off_without_a_reason_is_a_hand_off_all_the_same() -> None:
    given = offered_tools.arguments(Call("1", HAND_OFF, {}))
    assert isinstance(given, offered_tools.HandOffArguments)
    assert given.reason == "other"

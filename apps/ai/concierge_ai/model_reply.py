"""One model's try at a reply: its stream cut into sentences, each checked before it leaves; its tools, carried out.

`events` yields what the caller may see and ends with `Done` or `Handoff`, or raises `RungFailed`: then whatever it
showed is withdrawn by the ladder and the next rung speaks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from opentelemetry.trace import Span
from pydantic import ValidationError

from concierge_ai import offered_tools
from concierge_ai.grounding import Evidence
from concierge_ai.model import Call, Model, ModelChat, ModelError, Opening, Piece
from concierge_ai.phrases import phrase
from concierge_ai.sentences import SentenceSplitter
from concierge_ai.tools import SERVICE_REQUEST, ToolResult, TurnTools
from concierge_ai.understanding import Reading, summary_of
from concierge_core import metrics
from concierge_core.ai_wire import Done, Handoff, ReplyRequest, Sentence, ToolUsed
from concierge_core.errors import Unavailable
from concierge_core.ports import Clock

MAX_ROUNDS = 4
MAX_WRONG_ARGUMENTS = 1
FIRST_PIECE_SECONDS = 8.0
NEXT_PIECE_SECONDS = 6.0

Event = Sentence | ToolUsed | Done | Handoff


class RungFailed(Exception):
    """This rung did not bring a reply that may be shown. `fault` is the model's, if it was its."""

    def __init__(self, reason: str, *, fault: ModelError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fault = fault
        self.pieces = 0
        """How much of the stream had come."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be answered and with what."""

    request: ReplyRequest
    reading: Reading
    opening: Opening
    rung: Literal["gemini", "second"]
    done: Done
    """Sources and confidence of the reply, should it succeed."""


@dataclass
class Tally:
    """What a try has used and shown so far; read by the ladder even when it fails."""

    input_tokens: int = 0
    output_tokens: int = 0
    pieces: int = 0
    shown: int = 0
    withheld: int = 0
    finish: str | None = None
    kept: list[str] = field(default_factory=list)

    def count(self, piece: Piece) -> None:
        """Note a piece."""
        self.pieces += 1
        self.input_tokens += piece.input_tokens
        self.output_tokens += piece.output_tokens
        self.finish = piece.finish or self.finish


class ModelReply:
    """One try. `until` is on the monotonic clock."""

    def __init__(
        self, model: Model, assignment: Assignment, *, evidence: Evidence, tools: TurnTools, clock: Clock, until: float
    ) -> None:
        self._model = model
        self._task = assignment
        self._evidence = evidence
        self._tools = tools
        self._clock = clock
        self._until = until
        self._wrong_arguments = 0
        self._wants_handoff: offered_tools.HandOffArguments | None = None
        self.tally = Tally()

    async def events(self) -> AsyncGenerator[Event, None]:
        """The reply's events."""
        chat = self._model.open(self._task.opening)
        for _ in range(MAX_ROUNDS):
            calls: list[Call] = []
            async with aclosing(self._round(chat, calls)) as sentences:
                async for sentence in sentences:
                    yield sentence
            if not calls:
                break
            for call in calls:
                for event in await self._carry_out(chat, call):
                    yield event
            if self._wants_handoff is not None:
                break
        else:
            raise RungFailed("tool_loop")
        if self._wants_handoff is not None and not self.tally.kept:
            yield Sentence(text=phrase("handing_over", self._task.reading.language))
        yield self._ending()

    async def _round(self, chat: ModelChat, calls: list[Call]) -> AsyncGenerator[Sentence, None]:
        """One contribution of the model; its calls are added to `calls`."""
        splitter = SentenceSplitter(self._task.reading.language)
        self.tally.finish = None
        async with aclosing(self._pieces(chat)) as pieces:
            async for piece in pieces:
                if piece.broken_calls:
                    raise RungFailed("broken_call")
                calls.extend(piece.calls)
                for text in splitter.feed(piece.text) if piece.text else ():
                    if self._may_show(text):
                        yield Sentence(text=text)
        rest = splitter.rest()
        if self.tally.finish is None:
            raise RungFailed("cut", fault=ModelError("cut"))
        if self.tally.finish == "STOP" and rest.strip() and self._may_show(rest):
            yield Sentence(text=rest)

    async def _pieces(self, chat: ModelChat) -> AsyncGenerator[Piece, None]:
        """The stream under its deadlines: first piece, each next one, and all together."""
        stream = chat.stream()
        limit = FIRST_PIECE_SECONDS
        try:
            async with aclosing(stream):
                while True:
                    left = self._until - self._clock.monotonic()
                    async with asyncio.timeout(max(0.0, min(limit, left))):
                        piece = await anext(stream, None)
                    if piece is None:
                        return
                    self.tally.count(piece)
                    limit = NEXT_PIECE_SECONDS
                    yield piece
        except TimeoutError:
            raise RungFailed("slow", fault=ModelError("slow")) from None
        except ModelError as error:
            raise RungFailed(error.kind, fault=error) from None

    def _may_show(self, text: str) -> bool:
        reading = self._task.reading
        if not self._evidence.supports(text, question=reading.text, language=reading.language):
            self.tally.withheld += 1
            return False
        self.tally.kept.append(text)
        self.tally.shown += 1
        return True

    async def _carry_out(self, chat: ModelChat, call: Call) -> list[ToolUsed]:
        try:
            arguments = offered_tools.arguments(call)
        except KeyError:
            raise RungFailed("unknown_tool") from None
        except ValidationError:
            self._wrong_arguments += 1
            if self._wrong_arguments > MAX_WRONG_ARGUMENTS:
                raise RungFailed("wrong_arguments") from None
            chat.answer(call, '{"ok": false, "refused": "wrong_arguments"}')
            return []
        if isinstance(arguments, offered_tools.HandOffArguments):
            self._wants_handoff = arguments
            return []
        result = await self._request(arguments)
        # What the guest said may be repeated; what only the model said of them is no evidence.
        self._evidence.add(json.dumps(result.facts()))
        if result.ok:
            self._evidence.add(self._task.reading.text)
        self._evidence.acted = self._evidence.acted or result.ok
        chat.answer(call, json.dumps(result.facts()))
        return [ToolUsed(name=SERVICE_REQUEST, ok=result.ok)]

    async def _request(self, arguments: offered_tools.ServiceRequestArguments) -> ToolResult:
        try:
            return await self._tools.service_request(
                kind=arguments.kind, summary=arguments.summary, room=arguments.room
            )
        except Unavailable:
            return ToolResult(False, refused="unavailable")

    def _ending(self) -> Done | Handoff:
        done, tally = self._task.done, self.tally
        used = {"input_tokens": tally.input_tokens, "output_tokens": tally.output_tokens, "model": self._model.name}
        if self._wants_handoff is not None:
            return Handoff(
                reason=self._wants_handoff.reason,
                urgency=self._task.reading.urgency,
                summary=summary_of(self._task.reading),
                rung=self._task.rung,
                **used,
            )
        if not tally.kept:
            raise RungFailed("ungrounded" if tally.withheld else "empty")
        if tally.withheld and not self._still_answers():
            raise RungFailed("ungrounded")
        return done.model_copy(update={**used, "rung": self._task.rung})

    def _still_answers(self) -> bool:
        """Something was withheld: what is left must carry a fact of its own, or it is better said by the passage."""
        return any(self._evidence.carries_value(text) for text in self.tally.kept)


def annotate(span: Span, reply: ModelReply, *, failed: RungFailed | None) -> None:
    """The GenAI conventions' attributes; never a word of the exchange."""
    tally = reply.tally
    span.set_attribute("gen_ai.usage.input_tokens", tally.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", tally.output_tokens)
    span.set_attribute("concierge.sentences.shown", tally.shown)
    span.set_attribute("concierge.sentences.withheld", tally.withheld)
    if tally.finish:
        span.set_attribute("gen_ai.response.finish_reasons", [tally.finish.lower()])
    if failed:
        span.set_attribute("error.type", failed.reason)


def count_tokens(model: str, tally: Tally) -> None:
    """What the try has used, for `/metrics`: a failed try costs as well."""
    metrics.MODEL_TOKENS.labels(model, "input").inc(tally.input_tokens)
    metrics.MODEL_TOKENS.labels(model, "output").inc(tally.output_tokens)

"""The models in their order: first, second. Breakers, deadlines and second tries; what comes below is the caller's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from concierge_ai.breaker import Breaker, RetryBudget
from concierge_ai.budget import TokenBudget
from concierge_ai.grounding import Evidence
from concierge_ai.model import MODELS_FAULT, TRANSIENT, Model
from concierge_ai.model_reply import Assignment, Event, ModelReply, RungFailed, annotate, count_tokens
from concierge_ai.tools import TurnTools
from concierge_core.ai_wire import Done, Handoff, Restart, Sentence
from concierge_core.runtime import Runtime

log = structlog.get_logger()
tracer = trace.get_tracer("concierge.ai")

RESERVE_SECONDS = 2.0
"""Kept free at the end of a request's deadline, for the embedded answerer and the way back."""
LEAST_SECONDS = 1.5
"""A try with less time than this is not begun."""
FIRST_SHARE = 0.6
"""Of the time there is, for the first of two models."""
LONGEST_RETRY_WAIT_SECONDS = 1.0

_RungName = Literal["gemini", "second"]


@dataclass
class _Rung:
    name: _RungName
    model: Model
    breaker: Breaker


class Ladder:
    """The models of one property; lives as long as the process."""

    def __init__(self, runtime: Runtime, models: Sequence[Model], budget: TokenBudget) -> None:
        names: tuple[_RungName, ...] = ("gemini", "second")
        self._rt = runtime
        self._rungs = [_Rung(n, m, Breaker()) for n, m in zip(names, models, strict=False)]
        self._budget = budget
        self._retries = RetryBudget()

    async def is_open(self) -> bool:
        """There is a model to ask now: its breaker allows it, and the day's tokens are not used up."""
        now = self._rt.clock.monotonic()
        return any(r.breaker.allows(now) for r in self._rungs) and await self._budget.is_left()

    async def events(
        self, assignment: Assignment, *, evidence: Evidence, tools: TurnTools, until: float
    ) -> AsyncGenerator[Event | Restart, None]:
        """The reply of the first model that brings one, ended by `Done` or `Handoff`. Without such an ending no model
        did, and nothing that was shown stands (it was withdrawn by `Restart`)."""
        for position, rung in enumerate(self._rungs):
            budget = self._seconds(until, is_last=position == len(self._rungs) - 1)
            if budget < LEAST_SECONDS or not rung.breaker.allows(self._rt.clock.monotonic()):
                continue
            tools.begin_rung()
            shown = False
            try:
                tried = self._with_second_try(rung, replace(assignment, rung=rung.name), evidence, tools, budget)
                async with aclosing(tried) as events:
                    async for event in events:
                        shown = shown or isinstance(event, Sentence)
                        yield event
                return
            except RungFailed as failed:
                cause = failed.fault.cause if failed.fault else ""
                turn = assignment.request.turn_id
                log.warning("rung_failed", rung=rung.name, reason=failed.reason, cause=cause, turn=turn)
                if shown:
                    yield Restart(reason=failed.reason)
                if failed.reason == "ungrounded":  # the passage itself is the safer answer than another model's try
                    return

    def _seconds(self, until: float, *, is_last: bool) -> float:
        left = until - RESERVE_SECONDS - self._rt.clock.monotonic()
        return min(self._rt.tenant.spec.ai.request_timeout_seconds, left if is_last else left * FIRST_SHARE)

    async def _with_second_try(
        self, rung: _Rung, assignment: Assignment, evidence: Evidence, tools: TurnTools, seconds: float
    ) -> AsyncGenerator[Event, None]:
        until = self._rt.clock.monotonic() + seconds
        self._retries = self._retries.called()
        try:
            async with aclosing(self._try(rung, assignment, evidence, tools, until)) as events:
                async for event in events:
                    yield event
            return
        except RungFailed as failed:
            wait = self._wait_before_retry(failed, until)
            if wait is None:
                raise
        await asyncio.sleep(wait)
        async with aclosing(self._try(rung, assignment, evidence, tools, until)) as events:
            async for event in events:
                yield event

    def _wait_before_retry(self, failed: RungFailed, until: float) -> float | None:
        """Seconds until a second try, or None: it would not help, is not allowed, or there is no time."""
        fault = failed.fault
        if fault is None or fault.kind not in TRANSIENT or failed.pieces:
            return None
        wait = fault.retry_after if fault.retry_after is not None else random.uniform(0.05, 0.3)  # noqa: S311
        left = until - self._rt.clock.monotonic()
        budget = self._retries.spent()
        if wait > LONGEST_RETRY_WAIT_SECONDS or left < wait + LEAST_SECONDS or budget is None:
            return None
        self._retries = budget
        return wait

    async def _try(
        self, rung: _Rung, assignment: Assignment, evidence: Evidence, tools: TurnTools, until: float
    ) -> AsyncGenerator[Event, None]:
        clock = self._rt.clock
        reply = ModelReply(rung.model, assignment, evidence=evidence, tools=tools, clock=clock, until=until)
        rung.breaker = rung.breaker.started(clock.monotonic(), at_most=until - clock.monotonic())
        span = tracer.start_span(f"chat {rung.model.name}", kind=SpanKind.CLIENT, attributes=self._attributes(rung))
        failed: RungFailed | None = None
        ended = False
        try:
            async with aclosing(reply.events()) as events:
                async for event in events:
                    ended = isinstance(event, Done | Handoff)
                    yield event
        except RungFailed as error:
            error.pieces = reply.tally.pieces
            failed = error
            raise
        finally:
            self._settle(rung, failed=failed, ended=ended)
            annotate(span, reply, failed=failed)
            span.end()
            count_tokens(rung.model.name, reply.tally)
            self._budget.spend(reply.tally.input_tokens + reply.tally.output_tokens, channel=assignment.request.channel)

    def _settle(self, rung: _Rung, *, failed: RungFailed | None, ended: bool) -> None:
        if failed is not None and failed.fault is not None and failed.fault.kind in MODELS_FAULT:
            rung.breaker = rung.breaker.failed(self._rt.clock.monotonic())
        elif ended or failed is not None:
            rung.breaker = rung.breaker.succeeded()
        else:  # the guest left meanwhile: this tells nothing about the model
            rung.breaker = rung.breaker.released()

    def _attributes(self, rung: _Rung) -> dict[str, str | float]:
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "gcp.gemini",
            "gen_ai.system": "gcp.gemini",
            "gen_ai.request.model": rung.model.name,
            "gen_ai.request.temperature": self._rt.tenant.spec.ai.temperature,
            "concierge.rung": rung.name,
        }

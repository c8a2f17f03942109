"""The concierge's mind: what happens between a guest's message and the reply's last event.

Fixed ways first (emergency, person, complaint), then the models where a key is configured, then the embedded answerer,
then a person. Every reply ends, whatever fails.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import structlog

from concierge_ai.budget import TokenBudget
from concierge_ai.embedded import Answer, EmbeddedAnswerer, handing_over_key, source
from concierge_ai.grounding import Evidence
from concierge_ai.index import Found
from concierge_ai.knowledge import Knowledge
from concierge_ai.ladder import Ladder
from concierge_ai.model import Model
from concierge_ai.model_reply import Assignment
from concierge_ai.phrases import phrase
from concierge_ai.prompt import opening, property_facts
from concierge_ai.questions import leans, own_topics
from concierge_ai.routing import Intent
from concierge_ai.sentences import split
from concierge_ai.tools import TurnTools
from concierge_ai.understanding import Reading, read, summary_of, topic_before, unhappy_streak
from concierge_core import texts
from concierge_core.ai_wire import Done, Handoff, PastMessage, ReplyEvent, ReplyRequest, Restart, Sentence, Understood
from concierge_core.domain.wording import mask_cards
from concierge_core.runtime import Runtime

log = structlog.get_logger()
PASSAGES = 6


class Mind:
    """Of one property. `models` are the ladder's, best first; none: the embedded answerer alone."""

    def __init__(self, runtime: Runtime, knowledge: Knowledge, models: list[Model] | None = None) -> None:
        self._rt = runtime
        self.knowledge = knowledge
        self._embedded = EmbeddedAnswerer(runtime.tenant, knowledge)
        self.budget = TokenBudget(runtime)
        self.models: list[Model] = models or []
        self._ladder = Ladder(runtime, self.models, self.budget)

    def use(self, models: list[Model]) -> None:
        """Begin to use these models."""
        self.models = models
        self._ladder = Ladder(self._rt, models, self.budget)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """All events of the reply, the last a `Done` or `Handoff`."""
        until = self._rt.clock.monotonic() + request.deadline_seconds
        request = request.model_copy(update={"messages": [mask_cards(m) for m in request.messages]})
        reading = self._read(request.messages, request.history, request.language)
        yield reading.told()
        try:
            async with aclosing(self._answered(request, reading, until)) as events:
                async for event in events:
                    yield event
        except Exception as error:
            # Nobody is left without a reply: whatever broke here, a person takes over.
            log.error("reply_failed", error=type(error).__name__, where=_where(error), turn=request.turn_id)
            yield Restart(reason="failed")
            yield Sentence(text=texts.text("concierge_failed", reading.language))
            yield Handoff(reason="concierge_failed", rung="handoff", summary=summary_of(reading))

    async def _answered(
        self, request: ReplyRequest, reading: Reading, until: float
    ) -> AsyncGenerator[ReplyEvent, None]:
        fixed = self._fixed(request, reading)
        if fixed is not None:
            for event in _events(fixed, reading):
                yield event
            return
        found = await self._found(request, reading)
        tools = TurnTools(self._rt, request)
        if self.models and await self._ladder.is_open():
            async with aclosing(self._from_models(request, reading, found, tools, until)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, Done | Handoff):
                        return
        tools.begin_rung()
        for event in _events(await self._embedded.answer(request, reading, found, tools), reading):
            yield event

    async def _from_models(
        self, request: ReplyRequest, reading: Reading, found: Found, tools: TurnTools, until: float
    ) -> AsyncGenerator[ReplyEvent, None]:
        passages = list(dict.fromkeys(h.translated for h in found.hits))
        tenant, now = self._rt.tenant, self._rt.clock.now()
        confidence = self._embedded.confidence(found)
        assignment = Assignment(
            request=request,
            reading=reading,
            opening=opening(request, reading, passages, tenant=tenant, now=now),
            rung="gemini",
            done=Done(rung="gemini", confidence=confidence, sources=[source(p) for p in passages[:1]]),
        )
        evidence = Evidence(passages, property_facts(tenant, now))
        async with aclosing(self._ladder.events(assignment, evidence=evidence, tools=tools, until=until)) as events:
            async for event in events:
                if isinstance(event, Done):
                    cited = evidence.cited(passages)
                    event = event.model_copy(update={"sources": [source(p) for p in cited]})
                yield event

    def understand(self, text: str, language: str | None) -> Understood:
        """What a text by itself says, for words that somebody else answers."""
        return self._read([text], (), language).told()

    def _read(self, messages: Sequence[str], history: Sequence[PastMessage], language: str | None) -> Reading:
        spec = self._rt.tenant.spec
        return read(
            messages,
            history,
            languages=spec.property.languages,
            current=language,
            keywords=tuple(spec.ai.escalation.keywords),
        )

    async def _found(self, request: ReplyRequest, reading: Reading) -> Found:
        """Passages for the question; for one that leans on the one before ("and on Sundays?"), for both together."""
        found = await self.knowledge.search(reading.text, reading.language, spoken=reading.spoken, limit=PASSAGES)
        if not leans(reading.text, reading.spoken):
            return found
        before = topic_before(request.history, reading.spoken)
        if before is None:
            return found
        both = f"{before}\n{reading.text}"
        together = await self.knowledge.search(both, reading.language, spoken=reading.spoken, limit=PASSAGES)
        about = own_topics(before, reading.spoken)
        stays = bool(together.hits) and not about.isdisjoint(together.hits[0].passage.topics)
        return together if stays or together.confidence > found.confidence else found

    def _fixed(self, request: ReplyRequest, reading: Reading) -> Answer | None:
        """What no model is asked about."""
        language, escalation = reading.language, self._rt.tenant.spec.ai.escalation
        intent = reading.route.intent
        if intent is Intent.EMERGENCY:
            return self._emergency(reading)
        if intent is Intent.PERSON:
            return Answer(phrase("handing_over", language), self._handoff(reading, "guest_wish"))
        if intent.value in escalation.intents and not reading.route.weak:
            return Answer(phrase(handing_over_key(intent), language), self._handoff(reading, intent.value))
        if unhappy_streak(reading, request.history) >= max(2, escalation.negative_messages):
            return Answer(phrase("complaint", language), self._handoff(reading, "unhappy"))
        return None

    def _emergency(self, reading: Reading) -> Answer:
        number = self._rt.tenant.spec.property.emergency_number
        said_in = reading.route.said_in or reading.language
        text = texts.text("emergency", said_in, emergency_number=number)
        ending = Handoff(reason="emergency", urgency="emergency", summary=summary_of(reading), rung="notice")
        return Answer(text, ending)

    def _handoff(self, reading: Reading, reason: str) -> Handoff:
        return Handoff(reason=reason, urgency=reading.urgency, summary=summary_of(reading), rung="handoff")


def _where(error: Exception) -> str:
    """File and line. A whole traceback could carry the guest's words."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _events(answer: Answer, reading: Reading) -> list[ReplyEvent]:
    """A whole answer as events."""
    sentences: list[ReplyEvent] = [Sentence(text=s) for s in split(answer.text, reading.language)]
    understood: list[ReplyEvent] = [answer.understood] if answer.understood else []
    return [*understood, *answer.tools, *sentences, answer.ending]

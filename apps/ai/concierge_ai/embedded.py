"""The embedded answerer: no key, no network, no invention. Facts are the articles' own words."""

from __future__ import annotations

from dataclasses import dataclass, field

from concierge_ai import bands
from concierge_ai.bands import Band
from concierge_ai.index import Found
from concierge_ai.passages import Passage
from concierge_ai.phrases import asks_for_room, language_name, phrase
from concierge_ai.routing import Intent
from concierge_ai.tools import SERVICE_REQUEST, TurnTools, room_in
from concierge_ai.understanding import Reading, failed_streak, summary_of
from concierge_core import texts
from concierge_core.ai_wire import Done, Handoff, ReplyRequest, SourceOut, ToolUsed, Understood
from concierge_core.errors import Unavailable
from concierge_core.tenant.model import ConciergeTenant

MAX_NEAREST = 3
_FIXED = {
    Intent.GREETING: "greeting",
    Intent.THANKS: "thanks",
    Intent.GOODBYE: "goodbye",
    Intent.FEEDBACK: "feedback",
    Intent.SMALLTALK: "smalltalk",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply: its text, how it ends, and what was understood better meanwhile."""

    text: str
    ending: Done | Handoff
    understood: Understood | None = None
    tools: tuple[ToolUsed, ...] = field(default=())


class EmbeddedAnswerer:
    """Answers from the property's articles, or says that it can't."""

    def __init__(self, tenant: ConciergeTenant) -> None:
        self._tenant = tenant

    async def answer(self, request: ReplyRequest, reading: Reading, found: Found, tools: TurnTools) -> Answer:
        """The reply to what was read, given what was found. Never raises `Unavailable`: then a person is called."""
        intent = reading.route.intent
        if intent in _FIXED:
            return self._fixed(reading, _FIXED[intent])
        if reading.route.private:
            return self._fixed(reading, "guest_privacy", offer_person=True)
        if self._prefers_article(reading, found):
            return self._from_knowledge(request, reading, found)
        if intent is Intent.SERVICE_REQUEST:
            return await self._request(request, reading, tools)
        if intent in (Intent.FAQ, Intent.OTHER, Intent.OUT_OF_SCOPE):
            return self._from_knowledge(request, reading, found)
        return self._transaction(reading, found)

    def confidence(self, found: Found) -> float:
        """How sure we are that the best passage answers, 0..1, as told to others."""
        return bands.told(found.confidence)

    def band(self, found: Found) -> Band:
        """What this search is good for."""
        return bands.band(self.confidence(found), ask_from=self._tenant.spec.ai.escalation.min_confidence)

    def _prefers_article(self, reading: Reading, found: Found) -> bool:
        return reading.route.weak and self.band(found) is Band.ANSWER

    def _fixed(self, reading: Reading, key: str, *, offer_person: bool = False) -> Answer:
        text = phrase(key, reading.language, property=self._tenant.spec.property.name)
        offered = [phrase("person_button", reading.language)] if offer_person else []
        return Answer(text, Done(rung="embedded", confidence=reading.route.confidence, quick_replies=offered))

    def _from_knowledge(self, request: ReplyRequest, reading: Reading, found: Found) -> Answer:
        confidence, band = self.confidence(found), self.band(found)
        intent = reading.route.intent if reading.route.weak else Intent.FAQ
        told = reading.told(confidence, intent)
        if reading.route.evaluative and intent is Intent.FAQ:
            return self._opinion(reading, found, band, told)
        if band is Band.ANSWER:
            passage = found.hits[0].translated
            return Answer(
                self._said(passage, reading.language),
                Done(rung="embedded", confidence=confidence, sources=[source(passage)]),
                told,
            )
        escalation = self._tenant.spec.ai.escalation
        if failed_streak(request.history) + 1 >= escalation.failed_turns and (found.topics or band is Band.ASK):
            return Answer(phrase("handing_over", reading.language), _handoff(reading, "unanswered"), told)
        return self._ask_back(reading, found, confidence) if band is Band.ASK else self._unknown(reading, found)

    def _ask_back(self, reading: Reading, found: Found, confidence: float) -> Answer:
        nearest = [hit.translated.question for hit in found.hits[:MAX_NEAREST]]
        offered = [*nearest, phrase("person_button", reading.language)]
        done = Done(rung="embedded", confidence=confidence, quick_replies=offered)
        return Answer(phrase("ask_back", reading.language), done, reading.told(confidence, Intent.FAQ))

    def _unknown(self, reading: Reading, found: Found) -> Answer:
        """Honest: a hotel's matter that we have no article on, or something quite else."""
        language = reading.language
        confidence = self.confidence(found)
        offered = [phrase("person_button", language)]
        done = Done(rung="embedded", confidence=confidence, quick_replies=offered)
        if found.topics:
            return Answer(texts.text("no_answer", language), done, reading.told(confidence, Intent.FAQ))
        text = phrase("out_of_scope", language, property=self._tenant.spec.property.name)
        return Answer(text, done, reading.told(confidence, Intent.OUT_OF_SCOPE))

    def _opinion(self, reading: Reading, found: Found, band: Band, told: Understood) -> Answer:
        """Asked for a judgement: we have none; the nearest fact may help."""
        offered = [phrase("person_button", reading.language)]
        confidence = min(self.confidence(found), bands.ANSWER_FROM - 0.01)
        if band is not Band.ANSWER:
            done = Done(rung="embedded", confidence=confidence, quick_replies=offered)
            return Answer(phrase("opinion_only", reading.language), done, told)
        passage = found.hits[0].translated
        text = f"{phrase('opinion', reading.language)} {self._said(passage, reading.language)}"
        done = Done(rung="embedded", confidence=confidence, sources=[source(passage)], quick_replies=offered)
        return Answer(text, done, told)

    async def _request(self, request: ReplyRequest, reading: Reading, tools: TurnTools) -> Answer:
        language, kind = reading.language, reading.route.kind or "other"
        asked_before = bool(request.history) and asks_for_room(request.history[-1].text)
        room = request.room_number or room_in(reading.text.split("\n")[-1], reading.spoken, bare=asked_before)
        room = room or room_in(reading.text, reading.spoken)
        if room is None and not asked_before and request.channel != "voice":
            done = Done(rung="embedded", confidence=reading.route.confidence)
            return Answer(phrase("ask_room", language), done)
        try:
            result = await tools.service_request(kind=kind, summary=reading.text.replace("\n", " / "), room=room)
        except Unavailable:
            return Answer(phrase("cannot_act", language), _handoff(reading, "service_request"))
        used = (ToolUsed(name=SERVICE_REQUEST, ok=result.ok),)
        if not result.ok:
            why = "not_verified" if result.refused == "not_verified" else "cannot_act"
            return Answer(phrase(why, language), _handoff(reading, "service_request"), tools=used)
        made = texts.text("request_made", language, number=result.number)
        text = f"{phrase('sorry', language)} {made}" if kind == "repair" else made
        return Answer(text, Done(rung="embedded", confidence=reading.route.confidence), tools=used)

    def _transaction(self, reading: Reading, found: Found) -> Answer:
        """Bookings, bills, lost things: never a guess, a person."""
        key = "complaint" if reading.route.intent is Intent.COMPLAINT else "cannot_act"
        return Answer(phrase(key, reading.language), _handoff(reading, reading.route.intent.value))

    def _said(self, passage: Passage, language: str) -> str:
        """The passage's own words; in another language than the guest's only with a word about it."""
        if passage.language == language:
            return passage.answer
        return f"{phrase('only_in', language, name=language_name(passage.language, language))} {passage.answer}"


def source(passage: Passage) -> SourceOut:
    """The article behind a passage, as the guest sees it."""
    return SourceOut(article_id=passage.article_id, title=passage.question, updated_at=passage.updated_at)


def _handoff(reading: Reading, reason: str) -> Handoff:
    return Handoff(reason=reason, urgency=reading.urgency, summary=summary_of(reading), rung="embedded")

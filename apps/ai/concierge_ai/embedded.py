"""The embedded answerer: no key, no network, no invention. Facts are the articles' own words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from concierge_ai import bands
from concierge_ai.bands import Band
from concierge_ai.index import Found, Hit
from concierge_ai.knowledge import Knowledge
from concierge_ai.passages import Passage
from concierge_ai.phrases import asks_for_room, language_name, phrase
from concierge_ai.questions import Part, parts
from concierge_ai.rooms import room_in
from concierge_ai.routing import Intent, asks_about_house
from concierge_ai.tools import SERVICE_REQUEST, TurnTools
from concierge_ai.understanding import Reading, failed_streak, summary_of
from concierge_core import texts
from concierge_core.ai_wire import Done, Handoff, ReplyRequest, SourceOut, ToolUsed, Understood
from concierge_core.errors import Unavailable
from concierge_core.tenant.model import ConciergeTenant

MAX_NEAREST = 3
_SURE_OF_A_NAME = 0.75
"""From this confidence a thing only named beside a question ("… and the check-out") is answered as well."""
_MOST_QUOTED = 80
_LONG_CHARACTERS = 1000
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

    def __init__(self, tenant: ConciergeTenant, knowledge: Knowledge) -> None:
        self._tenant = tenant
        self._knowledge = knowledge

    async def answer(self, request: ReplyRequest, reading: Reading, found: Found, tools: TurnTools) -> Answer:
        """The reply to what was read, given what was found. Never raises `Unavailable`: then a person is called."""
        answer = await self._answer(request, reading, found, tools)
        if not reading.asks_room_again or isinstance(answer.ending, Handoff):
            return answer
        # What was asked is answered, and the wish that waits for its room is not forgotten.
        return replace(answer, text=f"{answer.text}\n\n{phrase('ask_room', reading.language)}")

    async def _answer(self, request: ReplyRequest, reading: Reading, found: Found, tools: TurnTools) -> Answer:
        intent = reading.route.intent
        fixed = reading.route.says or _FIXED.get(intent)
        if fixed is not None:
            return self._fixed(reading, fixed, offer_person=reading.route.private)
        if self._prefers_article(reading, found):
            return await self._from_knowledge(request, reading, found)
        if intent is Intent.SERVICE_REQUEST:
            return await self._request(request, reading, tools)
        if intent in (Intent.FAQ, Intent.OTHER, Intent.OUT_OF_SCOPE):
            return await self._from_knowledge(request, reading, found)
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

    async def _from_knowledge(self, request: ReplyRequest, reading: Reading, found: Found) -> Answer:
        confidence, band = self.confidence(found), self.band(found)
        intent = reading.route.intent if reading.route.weak else Intent.FAQ
        told = reading.told(confidence, intent)
        if reading.route.evaluative and intent is Intent.FAQ:
            return self._opinion(reading, found, band, told)
        several = await self._of_several(reading, found, intent)
        if several is not None:
            return several
        if band is Band.ANSWER:
            passage = found.hits[0].translated
            return Answer(
                self._said(passage, reading.language),
                Done(rung="embedded", confidence=confidence, sources=[source(passage)]),
                told,
            )
        escalation = self._tenant.spec.ai.escalation
        if failed_streak(request.history) + 1 >= escalation.failed_turns and (
            _is_the_houses(reading, found) or band is Band.ASK
        ):
            return Answer(phrase("handing_over", reading.language), _handoff(reading, "unanswered"), told)
        return self._ask_back(reading, found, confidence) if band is Band.ASK else self._unknown(reading, found)

    async def _of_several(self, reading: Reading, whole: Found, intent: Intent) -> Answer | None:
        """The reply to a message that asks for several things: each from its own article, and what nobody wrote down is
        said to be unknown. None: it is one question, or nothing of it is known."""
        asked = parts(reading.text, reading.spoken)
        if len(asked) < 2:
            return None
        known: dict[str, tuple[Hit, float]] = {}
        unknown: list[Part] = []
        for part in asked:
            found = await self._knowledge.search(part.text, reading.language, spoken=reading.spoken)
            if self.band(found) is Band.ANSWER and (part.asks or self.confidence(found) >= _SURE_OF_A_NAME):
                known.setdefault(found.hits[0].translated.article_id, (found.hits[0], self.confidence(found)))
            elif part.asks and not _is_answered_by(whole, part):
                unknown.append(part)
        if not known or (len(known) == 1 and not unknown):
            return None
        return self._together(reading, known, unknown, intent)

    def _together(
        self, reading: Reading, known: dict[str, tuple[Hit, float]], unknown: list[Part], intent: Intent
    ) -> Answer:
        language = reading.language
        passages = [hit.translated for hit, _ in known.values()]
        confidence = min(confidence for _, confidence in known.values())
        said = [self._said(passage, language) for passage in passages]
        if unknown:
            quoted = ", ".join(part.text[:_MOST_QUOTED] for part in unknown)
            said.append(phrase("half_unknown", language, part=quoted))
        done = Done(
            rung="embedded",
            confidence=confidence,
            sources=[source(passage) for passage in passages],
            quick_replies=[phrase("person_button", language)] if unknown else [],
        )
        return Answer("\n\n".join(said), done, reading.told(confidence, intent))

    def _ask_back(self, reading: Reading, found: Found, confidence: float) -> Answer:
        nearest = [hit.translated.question for hit in found.hits[:MAX_NEAREST]]
        offered = [*nearest, phrase("person_button", reading.language)]
        done = Done(rung="embedded", confidence=confidence, quick_replies=offered)
        return Answer(phrase("ask_back", reading.language), done, reading.told(confidence, Intent.FAQ))

    def _unknown(self, reading: Reading, found: Found) -> Answer:
        """Honest: a hotel's matter that we have no article on, more than can be read, or something quite else."""
        language = reading.language
        confidence = self.confidence(found)
        offered = [phrase("person_button", language)]
        done = Done(rung="embedded", confidence=confidence, quick_replies=offered)
        if _is_the_houses(reading, found):
            return Answer(texts.text("no_answer", language), done, reading.told(confidence, Intent.FAQ))
        key = "too_long" if len(reading.text) > _LONG_CHARACTERS else "out_of_scope"
        text = phrase(key, language, property=self._tenant.spec.property.name)
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
            return Answer(phrase("ask_room_repair" if kind == "repair" else "ask_room", language), done)
        try:
            result = await tools.service_request(kind=kind, summary=reading.text.replace("\n", " / "), room=room)
        except Unavailable:
            return Answer(phrase("cannot_act", language), _handoff(reading, "service_request"))
        used = (ToolUsed(name=SERVICE_REQUEST, ok=result.ok),)
        if not result.ok:
            why = "not_verified" if result.refused == "not_verified" else "cannot_act"
            return Answer(phrase(why, language), _handoff(reading, "service_request"), tools=used)
        made = texts.text("request_made", language, number=result.number)
        text = f"{phrase('sorry' if kind == 'repair' else 'gladly', language)} {made}"
        return Answer(text, Done(rung="embedded", confidence=reading.route.confidence), tools=used)

    def _transaction(self, reading: Reading, found: Found) -> Answer:
        """Bookings, bills, lost things: never a guess, a person."""
        key = handing_over_key(reading.route.intent)
        return Answer(phrase(key, reading.language), _handoff(reading, reading.route.intent.value))

    def _said(self, passage: Passage, language: str) -> str:
        """The passage's own words; in another language than the guest's only with a word about it."""
        if passage.language == language:
            return passage.answer
        return f"{phrase('only_in', language, name=language_name(passage.language, language))} {passage.answer}"


def handing_over_key(intent: Intent) -> str:
    """The phrase with which a matter of this kind is passed to a person."""
    return intent.value if intent in (Intent.COMPLAINT, Intent.LOST_ITEM, Intent.BILLING) else "cannot_act"


def source(passage: Passage) -> SourceOut:
    """The article behind a passage, as the guest sees it."""
    return SourceOut(article_id=passage.article_id, title=passage.question, updated_at=passage.updated_at)


def _is_the_houses(reading: Reading, found: Found) -> bool:
    """It is about a hotel, or asks whether we have something."""
    is_short = len(reading.text) <= _LONG_CHARACTERS
    return bool(found.topics) or (is_short and asks_about_house(reading.text, reading.spoken))


def _is_answered_by(whole: Found, part: Part) -> bool:
    """The best passage for the whole message is about this part too."""
    best = whole.hits[0].passage if whole.hits else None
    return bool(best and part.topics and part.topics <= best.topics | best.answer_topics)


def _handoff(reading: Reading, reason: str) -> Handoff:
    return Handoff(reason=reason, urgency=reading.urgency, summary=summary_of(reading), rung="embedded")

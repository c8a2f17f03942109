"""Language, intent, confidence, mood and urgency of what a guest wrote; ready before any model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from concierge_ai import phrases
from concierge_ai.language import detect
from concierge_ai.lexicon import LANGUAGES
from concierge_ai.mood import Mood, mood
from concierge_ai.questions import own_topics
from concierge_ai.rooms import is_only_a_room, room_in
from concierge_ai.routing import Intent, Route, agrees, route
from concierge_ai.wording import joined
from concierge_core.ai_wire import PastMessage, Understood

_TOPIC_REACH = 4
Urgency = Literal["low", "normal", "high", "emergency"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood. `text` is what is answered: the unanswered messages, with the one before where they only
    complete it. `language` is the property's that the reply is in, `spoken` the guest's own."""

    text: str
    language: str
    spoken: str
    route: Route
    mood: Mood
    urgency: Urgency
    asks_room_again: bool = False
    """A wish still waits for the room that we asked for, and this message speaks of something else."""

    def told(self, confidence: float | None = None, intent: str | None = None) -> Understood:
        """As the caller is told; a search may have changed confidence or intent."""
        return Understood(
            intent=intent or self.route.intent.value,
            confidence=round(self.route.confidence if confidence is None else confidence, 3),
            sentiment=self.mood,
            language=self.language,
            urgency=self.urgency,
        )


def read(
    messages: Sequence[str],
    history: Sequence[PastMessage],
    *,
    languages: Sequence[str],
    current: str | None,
    keywords: tuple[str, ...] = (),
) -> Reading:
    """Understand the guest's unanswered messages in the light of what came before."""
    text = joined(messages)
    spoken = detect(text, [*languages, *(c for c in LANGUAGES if c not in languages)], current, likely=languages)
    found = route(text, spoken, keywords=keywords)
    waiting = _wish_without_room(history)
    if _accepts_person(text, spoken, history):
        found = Route(Intent.PERSON, 0.9)
    elif found.intent in (Intent.FAQ, Intent.OTHER) and _completes_request(text, spoken, history):
        earlier = waiting or next(m.text for m in reversed(history) if m.author == "guest")
        spoken = spoken if len(text) > 20 else (current or spoken)
        text, found = f"{earlier}\n{text}", replace(route(earlier, spoken, keywords=keywords), weak=False)
    feeling = mood(text, spoken, unhappy=found.intent is Intent.COMPLAINT)
    language = spoken if spoken in languages else _instead(languages, current)
    again = found.intent is not Intent.SERVICE_REQUEST and waiting is not None
    return Reading(text, language, spoken, found, feeling, _urgency(found, feeling), asks_room_again=again)


def summary_of(reading: Reading) -> str:
    """For the colleague who takes over: what it is about, in the guest's words."""
    return f"{reading.route.intent.value}: {reading.text[:300]}"


def unhappy_streak(reading: Reading, history: Sequence[PastMessage]) -> int:
    """Unhappy messages of the guest in a row, this one included."""
    if reading.mood != "negative":
        return 0
    streak = 1
    for message in reversed([m for m in history if m.author == "guest"]):
        if mood(message.text, reading.spoken) != "negative":
            break
        streak += 1
    return streak


def failed_streak(history: Sequence[PastMessage]) -> int:
    """Replies in a row, up to now, that did not answer."""
    streak = 0
    for message in reversed([m for m in history if m.author == "concierge"]):
        if not phrases.is_unanswered(message.text):
            break
        streak += 1
    return streak


def _instead(languages: Sequence[str], current: str | None) -> str:
    """For a guest whose language the property does not answer in: English is understood by most."""
    if "en" in languages:
        return "en"
    return current if current and current in languages else languages[0]


def topic_before(history: Sequence[PastMessage], language: str) -> str | None:
    """The guest's message that the conversation is about: the last that named a topic, else the last."""
    said = [m.text for m in reversed(history) if m.author == "guest"][:_TOPIC_REACH]
    return next((text for text in said if own_topics(text, language)), next(iter(said), None))


def _completes_request(text: str, language: str, history: Sequence[PastMessage]) -> bool:
    """Our last word was the question for the room number, or a room alone is told after something was asked for."""
    last = history[-1] if history else None
    earlier = next((m.text for m in reversed(history) if m.author == "guest"), None)
    if last is None or last.author != "concierge" or earlier is None:
        return False
    if phrases.asks_for_room(last.text):
        return _tells_a_room(text, language)
    return is_only_a_room(text, language) and route(earlier, language).intent is Intent.SERVICE_REQUEST


def _tells_a_room(text: str, language: str) -> bool:
    """Asked for the room: it names one, or says at least nothing of its own ("not yet", "I don't know")."""
    is_question = text.rstrip().endswith(("?", "؟")) or bool(own_topics(text, language))
    return not is_question or is_only_a_room(text, language) or room_in(text, language) is not None


def _wish_without_room(history: Sequence[PastMessage]) -> str | None:
    """The wish for which our last word, and perhaps those before it, asked for the room."""
    wish, asked = None, False
    for message in reversed(history):
        if message.author == "guest":
            wish = message.text if asked else wish
        elif message.author != "concierge" or not phrases.asks_for_room(message.text):
            break
        else:
            asked = True
    return wish


def _accepts_person(text: str, language: str, history: Sequence[PastMessage]) -> bool:
    """A yes to our offer to ask a colleague."""
    last = history[-1] if history else None
    return bool(last and last.author == "concierge" and phrases.offers_person(last.text) and agrees(text, language))


def _urgency(found: Route, feeling: Mood) -> Urgency:
    if found.intent is Intent.EMERGENCY:
        return "emergency"
    if found.intent is Intent.COMPLAINT or (found.kind == "repair" and feeling == "negative"):
        return "high"
    return "low" if found.intent in (Intent.THANKS, Intent.GOODBYE, Intent.FEEDBACK, Intent.SMALLTALK) else "normal"

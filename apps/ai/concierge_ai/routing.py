"""What a guest's message calls for, decided by words in six languages, in a fixed order.

Emergency, wish for a person, complaint, transaction or service request, greeting and the like, question. Pure and
quick: it runs before any model and never waits for one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from concierge_ai import lexicon
from concierge_ai.lexicon import LANGUAGES, patterns
from concierge_ai.rooms import room_in
from concierge_ai.wording import normalise, pattern


class Intent(StrEnum):
    """What the guest wants; documented in docs/intents.md."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    FAQ = "faq"
    SERVICE_REQUEST = "service_request"
    COMPLAINT = "complaint"
    PERSON = "person"
    EMERGENCY = "emergency"
    BOOKING = "booking"
    CHANGE_BOOKING = "change_booking"
    CANCEL = "cancel"
    BILLING = "billing"
    LOST_ITEM = "lost_item"
    FEEDBACK = "feedback"
    SMALLTALK = "smalltalk"
    OUT_OF_SCOPE = "out_of_scope"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes. `weak`: a fitting article answers it better. `kind` and `said_in`: for requests, and the
    language in which an emergency was told. `evaluative`: it asks for an opinion. `says`: the phrase that answers it,
    where one always does."""

    intent: Intent
    confidence: float
    weak: bool = False
    kind: str | None = None
    said_in: str | None = None
    evaluative: bool = False
    private: bool = False
    says: str | None = None


_TRANSACTIONS = (Intent.CANCEL, Intent.CHANGE_BOOKING, Intent.BILLING, Intent.LOST_ITEM, Intent.BOOKING)
_SMALL = (Intent.GREETING, Intent.THANKS, Intent.GOODBYE, Intent.FEEDBACK)
_SMALL_WORDS = 6
_FEW_SMALL_WORDS = 2
# Things that can be asked for, as topics of the lexicon; where two fit, the first is meant.
_OBJECTS = (
    "late_check_out", "wake_up", "taxi", "shuttle", "towels", "toiletries", "iron", "hairdryer", "extra_bed", "bedding",
    "housekeeping", "laundry", "luggage", "room_service", "key", "power", "coffee", "water",
)  # fmt: skip


def route(text: str, language: str, *, keywords: tuple[str, ...] = ()) -> Route:
    """The route of a message in a language of the property. `keywords` always call a person."""
    said_in = emergency(text, language)
    if said_in:
        return Route(Intent.EMERGENCY, 1.0, said_in=said_in)
    words = normalise(text, language)
    besides = _without("who_answers", words, language)
    if _has("person", besides, language) or _is_named(words, keywords, language):
        return Route(Intent.PERSON, 0.95)
    if besides != words:
        return Route(Intent.SMALLTALK, 0.9)
    if _has("guest_privacy", words, language):
        return Route(Intent.OTHER, 0.8, private=True, says="guest_privacy")
    if _has("instructs", words, language):
        return Route(Intent.OUT_OF_SCOPE, 0.8, says="instructed")
    return (
        _hardly_said(text, words, language)
        or _wish(text, words, language)
        or _small(words, language)
        or _only_small_words(words, language)
        or _question(words, language)
    )


def agrees(text: str, language: str) -> bool:
    """A bare yes."""
    return _is_all("agrees", normalise(text, language), language)


def asks_about_house(text: str, language: str) -> bool:
    """A question for what the house has or allows, whether we know the thing or not ("do you have a helipad?")."""
    return _has("may_i", normalise(text, language), language)


def _hardly_said(text: str, words: str, language: str) -> Route | None:
    """No words at all, a letter, a nod."""
    if not words:
        is_picture = any(unicodedata.category(c) in ("So", "Sk") for c in text)
        return Route(Intent.SMALLTALK, 0.9, says="emoji") if is_picture else Route(Intent.OTHER, 0.9, says="unclear")
    if any(_is_all("acknowledges", words, code) for code in (language, *LANGUAGES)):
        return Route(Intent.SMALLTALK, 0.9, says="acknowledged")
    letters = words.replace(" ", "")
    if len(letters) == 1 or letters.isdigit() or (len(letters) > 3 and len(set(letters)) <= 2):
        return Route(Intent.OTHER, 0.9, says="unclear")
    return None


def _only_small_words(words: str, language: str) -> Route | None:
    """ "and?", "what?": nothing to go by."""
    small = lexicon.words("stopwords", language)
    few = len(words.split()) <= _FEW_SMALL_WORDS
    is_bare = few and not lexicon.aspects(words, language) and all(w in small for w in words.split())
    return Route(Intent.OTHER, 0.9, says="unclear") if is_bare else None


def _is_all(route_name: str, words: str, language: str) -> bool:
    """Nothing but this is said."""
    found = patterns("routes", language).get(route_name)
    return bool(found and words and not found.sub(" ", words).strip())


def emergency(text: str, language: str) -> str | None:
    """The language in which the text tells of danger to life, if it does: whatever language the property speaks."""
    for code in dict.fromkeys((language, *LANGUAGES)):
        # Harmless talk is taken out first ("where is the fire exit"), and what is left must still sound the alarm: it
        # is read in the guest's own language and in this one, since "camino" is an Italian fireplace, a Spanish road.
        words = _without_harmless(_without_harmless(normalise(text, code), language), code)
        if _matches("emergency", words, code) or _tells_of_distress(words, code):
            return code
    return None


def _without(name: str, words: str, language: str) -> str:
    """The text without what this list of the routes finds in it."""
    found = patterns("routes", language).get(name)
    return found.sub(" ~ ", words) if found else words


def _without_harmless(words: str, language: str) -> str:
    found = _whole("not_emergency").get(language)
    return found.sub(" ~ ", words) if found else words


def _tells_of_distress(words: str, language: str) -> bool:
    """Somebody, and within a few words what happened to them: "my little boy has a very high fever"."""
    found = _distress().get(language)
    return bool(found and found.search(words))


@cache
def _distress() -> dict[str, re.Pattern[str]]:
    compiled = {}
    for code in LANGUAGES:
        someone, state = (
            pattern(lexicon.read_data("distress")[part][code].split("|"), code) for part in ("someone", "state")
        )
        if someone is not None and state is not None:
            compiled[code] = re.compile(rf"{someone.pattern}(?: \w+){{0,6}}? {state.pattern}")
    return compiled


def _wish(text: str, words: str, language: str) -> Route | None:
    asks = _has("informs", words, language)
    unhappy = _has("complaint", words, language)
    defect = _has("defect", words, language)
    question = asks and "?" in text
    if unhappy and not question:
        return Route(Intent.COMPLAINT, 0.85, kind="repair" if defect else None)
    if defect and not (question and _has("may_i", words, language)):
        return Route(Intent.SERVICE_REQUEST, 0.85, kind="repair")
    for intent in _TRANSACTIONS:
        if _has(intent.value, words, language):
            return Route(intent, 0.6 if asks else 0.85, weak=asks, evaluative=_is_evaluative(words, language))
    return _request(text, words, language, asks=asks)


def _request(text: str, words: str, language: str, *, asks: bool) -> Route | None:
    kind = requested_kind(words, language)
    if kind is None:
        return None
    demanded = _has("asks_for", words, language)
    more = _has("more_of", words, language)
    may_i = _has("may_i", words, language)
    few_words = len(words.split()) <= 3 and more
    if not asks and room_in(text, language):
        return Route(Intent.SERVICE_REQUEST, 0.85, kind=kind)
    if not (demanded or few_words or (may_i and more) or (may_i and kind in ("taxi", "wake_up", "late_check_out"))):
        return None
    return Route(Intent.SERVICE_REQUEST, 0.6 if asks or not demanded else 0.85, weak=asks or not demanded, kind=kind)


def requested_kind(words: str, language: str) -> str | None:
    """What a request would be about, of normalised text."""
    topics = set(lexicon.topics(words, language))
    if {"late", "checkout"} <= topics:
        topics.add("late_check_out")
    if _matches("bedding", words, language):
        topics.add("bedding")
    if _matches("food", words, language):
        topics.add("room_service")
    return next((kind for kind in _OBJECTS if kind in topics), None)


def _small(words: str, language: str) -> Route | None:
    if _has("smalltalk", words, language):
        return Route(Intent.SMALLTALK, 0.9)
    if len(words.split()) > _SMALL_WORDS and not _has("feedback", words, language):
        return None
    if lexicon.topics(words, language) and not _has("feedback", words, language):
        return None
    if _has("informs", words, language):
        return None
    for intent in (Intent.FEEDBACK, Intent.GOODBYE, Intent.THANKS, Intent.GREETING):
        if _has(intent.value, words, language):
            return Route(intent, 0.9)
    return None


def _question(words: str, language: str) -> Route:
    return Route(Intent.FAQ, 0.5, evaluative=_is_evaluative(words, language))


def _is_evaluative(words: str, language: str) -> bool:
    """It asks for a judgement that no fact sheet holds: quiet, clean, a good view, worth its price."""
    usual = patterns("routes", language).get("not_evaluative")
    return _has("evaluative", usual.sub(" ", words) if usual else words, language)


def _has(route_name: str, words: str, language: str) -> bool:
    found = patterns("routes", language).get(route_name)
    return bool(found and found.search(words))


def _matches(name: str, words: str, language: str) -> bool:
    found = _whole(name).get(language)
    return bool(found and found.search(words))


def _is_named(words: str, keywords: tuple[str, ...], language: str) -> bool:
    found = pattern(keywords, language) if keywords else None
    return bool(found and found.search(words))


@cache
def _whole(name: str) -> dict[str, re.Pattern[str]]:
    """The expression per language of a file that has one list per language."""
    by_language: dict[str, str] = lexicon.read_data(name)
    compiled = {code: pattern(entries.split("|"), code) for code, entries in by_language.items()}
    return {code: found for code, found in compiled.items() if found is not None}

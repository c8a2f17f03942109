"""A message that asks for several things, cut into its questions; and what leans on the question before. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from concierge_ai import lexicon
from concierge_ai.lexicon import patterns
from concierge_ai.wording import normalise

MOST_PARTS = 3
_LONGEST = 400
_AND = {
    "en": r"\b(?:and|plus|also)\b|&",
    "de": r"\b(?:und|sowie)\b|&",
    "fr": r"\bet\b|&",
    "es": r"\b[ye]\b|&",
    "it": r"\bed?\b(?!')|&",
    "ar": r"(?<=\s)و(?=(?:كم|متى|متي|أين|اين|وين|هل|ما|ماذا|كيف|بكم|أي|اي|من)\b)",
}
_BREAK = r"[?؟!.;,،\n]+(?=\s|$)"
# How far something is, is asked about something: by itself it is no topic to leave the one before for.
_NO_TOPIC_ALONE = frozenset(("terms_distance", "booking", "late", "early"))


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things asked. `asks`: it is a question by itself, and not only a thing named beside another."""

    text: str
    topics: frozenset[str]
    asks: bool


def parts(text: str, language: str) -> list[Part]:
    """The questions of a message that stand by themselves, at most three; what only adds to the one before stays with
    it ("can I rent a bike and what does it cost?" is one)."""
    if len(text) > _LONGEST:
        return []
    found: list[Part] = []
    for piece in _pieces(text, language):
        part = Part(piece, own_topics(piece, language), _asks(piece, language))
        if found and not _stands_alone(part, found, language):
            found[-1] = _joined(found[-1], part, language)
        elif part.topics or part.asks:
            found.append(part)
    return found[:MOST_PARTS]


def own_topics(text: str, language: str) -> frozenset[str]:
    """What the text by itself is about."""
    return lexicon.topics(normalise(text, language), language) - _NO_TOPIC_ALONE


def leans(text: str, language: str) -> bool:
    """It completes the question before ("and when?", "how much is it?", "for children?"), having nothing of its own."""
    words = normalise(text, language)
    if own_topics(text, language):
        return False
    content = _content(words, language)
    if _has("points", words, language):
        return len(content) <= 2
    if _has("opens", words, language):
        return len(content) <= 2 and not (content and asks_for_a_thing(words, language))
    return not content and bool(lexicon.aspects(words, language))


def asks_for_a_thing(words: str, language: str) -> bool:
    """Of normalised text: it asks whether there is something ("is there a helipad")."""
    found = patterns("routes", language).get("may_i")
    return bool(found and found.search(words))


def _pieces(text: str, language: str) -> list[str]:
    breaks = re.compile(f"{_BREAK}|{_AND.get(language, _AND['en'])}", re.IGNORECASE)
    return [p for piece in breaks.split(text) if (p := piece.strip(" ,;"))]


def _stands_alone(part: Part, before: list[Part], language: str) -> bool:
    words = normalise(part.text, language)
    if part.topics:
        return not any(part.topics & b.topics for b in before) and not (_has("points", words, language))
    return part.asks and bool(_content(words, language)) and not _has("points", words, language)


def _joined(one: Part, other: Part, language: str) -> Part:
    text = f"{one.text}, {other.text}"
    return Part(text, own_topics(text, language), one.asks or other.asks)


def _asks(text: str, language: str) -> bool:
    words = normalise(text, language)
    routes = patterns("routes", language)
    return any((found := routes.get(name)) is not None and found.search(words) for name in ("informs", "may_i"))


def _content(words: str, language: str) -> list[str]:
    """The words that are neither small nor about time, price and the like."""
    for found in patterns("aspects", language).values():
        words = found.sub(" ", words)
    small = lexicon.words("stopwords", language)
    return [w for w in words.split() if w not in small and (len(w) > 1 or w.isdigit())]


def _has(name: str, words: str, language: str) -> bool:
    found = patterns("follow_up", language).get(name)
    return bool(found and (found.match(words) if name == "opens" else found.search(words)))

"""Checked before shown: what a model's sentence claims must stand in a passage or a tool's result.

Every time, price, percentage and number is compared by value; a yes or no needs a sentence of the evidence that is
about the same thing and says the same; a facility that no evidence mentions may not be claimed. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from concierge_ai import lexicon
from concierge_ai.lexicon import patterns
from concierge_ai.passages import Passage, stop_words
from concierge_ai.sentences import split
from concierge_ai.values import Value, supported, values
from concierge_ai.wording import normalise, stems

_FACILITIES = frozenset(
    (
        "pool", "spa", "sauna", "gym", "bar", "restaurant", "minibar", "shuttle", "ev_charging", "laundry", "bike",
        "car_rental", "elevator", "kitchen", "balcony", "shop", "safe", "aircon", "room_service", "pets", "extra_bed",
        "garden", "meeting",
    )
)  # fmt: skip
_MIN_SHARED = 0.2
_MIN_BORNE = 0.8
_AFTER_OPENING = re.compile(r"[,.!:;–—،]")


@dataclass(frozen=True, slots=True)
class _Statement:
    """One sentence of the evidence."""

    language: str
    stems: frozenset[str]
    topics: frozenset[str]
    negated: bool


@dataclass(frozen=True, slots=True)
class _Supported:
    """A sentence that was let through."""

    language: str
    stems: frozenset[str]
    topics: frozenset[str]
    values: frozenset[Value]


class Evidence:
    """All that a reply may rest on: passages, tool results, the property's own data. Grows when a tool answers."""

    def __init__(self, passages: Sequence[Passage], facts: Iterable[str] = ()) -> None:
        self._values: frozenset[Value] = frozenset()
        self._topics: frozenset[str] = frozenset()
        self._statements: list[_Statement] = []
        self._supported: list[_Supported] = []
        self.acted = False
        """A tool has done something in this turn; without it no sentence may say so."""
        for passage in passages:
            found = _read(passage)
            self._values |= found.values
            self._topics |= found.topics
            self._statements += found.statements
        for fact in facts:
            self.add(fact)

    def add(self, fact: str) -> None:
        """A tool's result, or another fact, in plain text."""
        self._values |= values(fact)

    def cited(self, passages: Sequence[Passage], most: int = 3) -> list[Passage]:
        """The passages that the sentences let through rest on: for each the one that bears most of it, if any does."""
        resting: dict[Passage, None] = {}
        for sentence in self._supported:
            weights = [(_borne(sentence, passage), -place, passage) for place, passage in enumerate(passages)]
            weight, _, best = max(weights, key=lambda w: w[:2], default=(0.0, 0, None))
            if best is not None and weight >= _MIN_BORNE:
                resting[best] = None
        return list(resting)[:most]

    def carries_value(self, sentence: str) -> bool:
        """The sentence states a value, and the evidence bears it."""
        claimed = values(sentence)
        return bool(claimed) and all(supported(v, self._values) for v in claimed)

    def supports(self, sentence: str, *, question: str, language: str) -> bool:
        """The evidence bears everything that the sentence claims. `question` is what the guest asked."""
        claimed = values(sentence)
        if any(not supported(v, self._values) for v in claimed):
            return False
        words = normalise(sentence, language)
        if _has("acted", words, language) and not self.acted:
            return False
        topics = lexicon.topics(words, language)
        if not (self._bears_facilities(topics, words, language) and self._bears_polarity(sentence, question, language)):
            return False
        self._supported.append(
            _Supported(language, frozenset(stems(words, language, stop_words(language))), topics, claimed)
        )
        return True

    def _bears_facilities(self, topics: frozenset[str], words: str, language: str) -> bool:
        claimed = (topics & _FACILITIES) - self._topics
        return not claimed or _has("hedge", words, language)

    def _bears_polarity(self, sentence: str, question: str, language: str) -> bool:
        said, rest = _opening(sentence, language)
        if said is None or _has("hedge", rest, language):
            return True
        asked = normalise(question, language)
        about = lexicon.topics(f"{rest} {asked}", language)
        content = frozenset(stems(f"{rest} {asked}", language, stop_words(language)))
        statement = self._closest(about, content, language)
        if statement is None:
            return False
        if not stems(rest, language, stop_words(language)):
            return statement.negated != said
        negated = _has("negation", rest, language)
        # "No, it costs 18 euros": its values were found above, and they are what answers.
        says_no_by_value = not said and not negated and bool(values(rest))
        return says_no_by_value or statement.negated == negated

    def _closest(self, about: frozenset[str], content: frozenset[str], language: str) -> _Statement | None:
        best, best_share = None, _MIN_SHARED
        for statement in self._statements:
            share = _share(statement, about, content, language)
            if share > best_share:
                best, best_share = statement, share
        return best


@dataclass(frozen=True, slots=True)
class _ReadPassage:
    values: frozenset[Value]
    topics: frozenset[str]
    statements: tuple[_Statement, ...]


@cache
def _read(passage: Passage) -> _ReadPassage:
    """Read once per passage; passages live as long as their index."""
    text = f"{passage.question}\n{passage.answer}"
    question_topics = passage.topics
    statements = []
    for sentence in split(passage.answer, passage.language):
        words = normalise(sentence, passage.language)
        found = frozenset(stems(words, passage.language, stop_words(passage.language)))
        about = lexicon.topics(words, passage.language) | question_topics
        statements.append(_Statement(passage.language, found, about, _has("negation", words, passage.language)))
    return _ReadPassage(values(text), question_topics | passage.answer_topics, tuple(statements))


def _borne(sentence: _Supported, passage: Passage) -> float:
    """How much of the sentence the passage bears: its values, its topics, and in the same language its words."""
    found = _read(passage)
    borne = sum(supported(v, found.values) for v in sentence.values) / (len(sentence.values) or 1)
    about = len(sentence.topics & found.topics) / (len(sentence.topics) or 1)
    if passage.language != sentence.language:
        return borne + about
    words = len(sentence.stems & passage.answer_stems) / (len(sentence.stems) or 1)
    return 0.5 * borne + 0.5 * about + 2 * words


def _share(statement: _Statement, about: frozenset[str], content: frozenset[str], language: str) -> float:
    topics = len(about & statement.topics) / len(about) if about else 0.0
    if statement.language != language:
        return topics
    words = len(content & statement.stems) / (len(content) or 1)
    return max(topics * 0.6, words) + 0.4 * words


def _opening(sentence: str, language: str) -> tuple[bool | None, str]:
    """Whether the sentence opens with yes (True) or no (False), and the rest of it, normalised.

    The mark after it counts: "No, pets …" denies, the Spanish "No se admiten …" is a sentence about something.
    """
    first, _, rest = _AFTER_OPENING.sub("\n", sentence.strip(), count=1).partition("\n")
    opening = normalise(first, language)
    for name, said in (("yes", True), ("no", False)):
        found = patterns("polarity", language).get(name)
        if found and found.fullmatch(opening):
            return said, normalise(rest, language)
    return None, normalise(sentence, language)


def _has(name: str, words: str, language: str) -> bool:
    found = patterns("polarity", language).get(name)
    return bool(found and found.search(words))

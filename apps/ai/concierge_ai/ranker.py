"""How well a passage fits a question: a few features and two small linear models, learned by `concierge_ai.train`.

The first model orders passages; the second says how likely the best one answers the question at all. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from concierge_ai.lexicon import read_data
from concierge_ai.passages import Asked, Passage
from concierge_ai.wording import dice

Features = tuple[float, ...]

FEATURES = (
    "bm25", "bm25_of_best", "asked_covers", "answer_covers", "question_covered", "trigrams",
    "topics_asked", "topics_answered", "topics_beside", "topics_missing", "aspects_asked", "aspects_beside",
)  # fmt: skip
JUDGED = (
    "score", "margin", "bm25", "asked_covers", "answer_covers", "question_covered", "trigrams", "topics_asked",
    "topics_answered", "topics_missing", "topics_none", "aspects_asked", "words_unknown", "words_few",
)  # fmt: skip


# Between what each weight may lie. In the public sets most answers repeat the question's words ("Yes, the house has a
# spa."); a hotel's own articles don't, so that accident must not outweigh what was asked.
RANK_BOUNDS = (
    (0.0, 3.0), (0.0, 2.0), (0.5, 3.0), (0.0, 1.2), (0.5, 3.0), (0.5, 2.0),
    (1.0, 4.0), (0.0, 1.5), (-2.0, 0.0), (-2.0, 0.0), (0.8, 2.0), (-1.2, 0.0),
)  # fmt: skip
# What each may only count for: a better fit never speaks against an answer, unknown words never for it.
JUDGED_SIGNS = (1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 1, -1, -1)


@dataclass(frozen=True, slots=True)
class Query:
    """A guest's question as one language index sees it. `idf`: weight per stem; `known`: stems the index has."""

    stems: tuple[str, ...]
    idf: dict[str, float]
    known: frozenset[str]
    trigrams: frozenset[str]
    topics: frozenset[str]
    aspects: frozenset[str]

    @property
    def weight(self) -> float:
        """Sum of the stems' weights."""
        return sum(self.idf.values())


def features(query: Query, passage: Passage, *, bm25: float, best_bm25: float, idf: Callable[[str], float]) -> Features:
    """The passage's features for this query, in the order of `FEATURES`; each about 0..1."""
    weight = query.weight or 1.0
    covers, covered, alike = max(_fit(query, asked, weight, idf) for asked in passage.asked)
    topics = len(query.topics) or 1
    asked_topics = query.topics & passage.topics
    answered = (query.topics & passage.answer_topics) - passage.topics
    return (
        bm25 / (weight * 2.2),
        bm25 / best_bm25 if best_bm25 else 0.0,
        covers,
        sum(query.idf[s] for s in query.stems if s in passage.answer_stems) / weight,
        covered,
        alike,
        len(asked_topics) / topics,
        len(answered) / topics,
        len(passage.topics - query.topics) / (len(passage.topics) or 1),
        len(query.topics - passage.topics - passage.answer_topics) / topics,
        len(query.aspects & passage.aspects) / (len(query.aspects) or 1),
        len(passage.aspects - query.aspects) / (len(passage.aspects) or 1),
    )


def score(found: Features) -> float:
    """Order of hits; any number."""
    return sum(w * f for w, f in zip(_weights().rank, found, strict=True))


def judged(query: Query, found: Sequence[Features], scores: Sequence[float]) -> Features:
    """What the second model sees of a search, in the order of `JUDGED`."""
    best = dict(zip(FEATURES, found[0], strict=True))
    weight = query.weight or 1.0
    margin = scores[0] - scores[1] if len(scores) > 1 else 2.0
    unknown = sum(query.idf[s] for s in query.stems if s not in query.known) / weight
    return (
        scores[0], min(margin, 4.0), best["bm25"], best["asked_covers"], best["answer_covers"],
        best["question_covered"], best["trigrams"], best["topics_asked"], best["topics_answered"],
        best["topics_missing"], 0.0 if query.topics else 1.0, best["aspects_asked"], unknown,
        1.0 / (1 + len(query.stems)),
    )  # fmt: skip


def confidence(query: Query, found: Sequence[Features], scores: Sequence[float]) -> float:
    """How likely the best passage answers the question, 0..1."""
    if not found:
        return 0.0
    weights = _weights()
    total = weights.bias + sum(w * f for w, f in zip(weights.answer, judged(query, found, scores), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _fit(query: Query, asked: Asked, weight: float, idf: Callable[[str], float]) -> tuple[float, float, float]:
    shared = asked.stems.intersection(query.stems)
    covers = sum(query.idf[s] for s in shared) / weight
    own = sum(idf(s) for s in asked.stems) or 1.0
    return covers, sum(query.idf[s] for s in shared) / own, dice(set(query.trigrams), set(asked.trigrams))


@contextmanager
def using(learned: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, these weights instead of the shipped ones (training and evaluation)."""
    global _used
    before, _used = _used, _of(learned)
    try:
        yield
    finally:
        _used = before


def _weights() -> _Weights:
    return _used or _shipped()


@cache
def _shipped() -> _Weights:
    return _of(read_data("ranker"))


def _of(data: Mapping[str, Any]) -> _Weights:
    return _Weights(
        tuple(float(data["rank"][name]) for name in FEATURES),
        tuple(float(data["answer"].get(name, 0.0)) for name in JUDGED),
        float(data["bias"]),
    )


@dataclass(frozen=True, slots=True)
class _Weights:
    rank: tuple[float, ...]
    answer: tuple[float, ...]
    bias: float


_used: _Weights | None = None

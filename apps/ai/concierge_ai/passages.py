"""Passages: an article in one language, prepared for matching."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from concierge_ai import lexicon
from concierge_ai.wording import normalise, stems, trigrams
from concierge_core.domain.knowledge import Article


@dataclass(frozen=True, slots=True)
class Asked:
    """One way to ask for the passage."""

    stems: frozenset[str]
    trigrams: frozenset[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """What the property says on one thing, in one language. `slug` is the article's, `words` those it is asked with."""

    article_id: str
    slug: str
    language: str
    question: str
    answer: str
    verbatim: bool
    department: str | None
    updated_at: datetime | None
    valid_from: date | None
    valid_to: date | None
    asked: tuple[Asked, ...]
    terms: tuple[str, ...]
    answer_stems: frozenset[str]
    topics: frozenset[str]
    answer_topics: frozenset[str]
    aspects: frozenset[str]
    words: frozenset[str]

    def is_valid(self, today: date | None) -> bool:
        """True on this day of the property's calendar (always, when no day is given)."""
        if today is None:
            return True
        return (self.valid_from is None or self.valid_from <= today) and (
            self.valid_to is None or today <= self.valid_to
        )


def stop_words(language: str, masked: Iterable[str] = ()) -> frozenset[str]:
    """Words that tell nothing here: small words, and those of the property's own name."""
    own_name = {w for name in masked for w in normalise(name, language).split()}
    return lexicon.words("stopwords", language) | own_name


def passages(article: Article, masked: Iterable[str] = ()) -> list[Passage]:
    """The article's passages, one per language it has. `masked`: names of the property."""
    return [_passage(article, language, stop_words(language, masked)) for language in article.texts]


def _passage(article: Article, language: str, stop: frozenset[str]) -> Passage:
    text = article.texts[language]
    variants = [normalise(q, language) for q in (text.question, *text.also_asked)]
    answer = normalise(text.answer, language)
    topic_word = normalise((article.topic or "").replace("-", " "), language)
    stemmed = [stems(v, language, stop) for v in variants]
    answer_stems = stems(answer, language, stop)
    asked_text = " ".join([*variants, topic_word])
    named = lexicon.topics(asked_text, language) | lexicon.topics(topic_word, "en")
    asked_topics = lexicon.without_ruled_out(named, by=named)
    return Passage(
        article_id=article.id,
        slug=article.slug,
        language=language,
        question=text.question,
        answer=text.answer,
        verbatim=article.verbatim,
        department=article.department,
        updated_at=article.updated_at,
        valid_from=article.valid_from,
        valid_to=article.valid_to,
        asked=tuple(
            Asked(frozenset(s), frozenset(trigrams(" ".join(w for w in v.split() if w not in stop))))
            for v, s in zip(variants, stemmed, strict=True)
        ),
        terms=(*stemmed[0], *stemmed[0], *(s for other in stemmed[1:] for s in other), *answer_stems),
        answer_stems=frozenset(answer_stems),
        topics=asked_topics,
        answer_topics=lexicon.without_ruled_out(lexicon.topics(answer, language), by=asked_topics),
        aspects=lexicon.aspects(asked_text, language),
        words=frozenset(asked_text.split()),
    )

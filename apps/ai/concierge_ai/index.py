"""The knowledge of one property, searchable: BM25 over the passages, topics across languages, a small learned ranker.

An index is immutable; a changed article means a new one. Searching 100 articles takes well under a millisecond.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from concierge_ai import lexicon, ranker
from concierge_ai.passages import Passage, passages, stop_words
from concierge_ai.spelling import Speller
from concierge_ai.wording import normalise, shortened, stems, trigrams
from concierge_core.domain.knowledge import Article

_K1 = 1.2
_B = 0.4
_CANDIDATES = 40
_LEAST_TO_CORRECT = 5
_SAME_WORD = 0.6


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score` orders hits of one search; `features` are the ranker's. `translated` is the same article
    in the guest's language where it has one, and what the guest is given."""

    passage: Passage
    score: float
    features: ranker.Features
    translated: Passage


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought, best first. `confidence` (0..1): the best passage answers the question."""

    hits: tuple[Hit, ...]
    confidence: float
    topics: frozenset[str]
    aspects: frozenset[str]

    @classmethod
    def nothing(cls) -> Found:
        """No knowledge at all."""
        return cls((), 0.0, frozenset(), frozenset())


class _LanguageIndex:
    """BM25 statistics of the passages of one language."""

    def __init__(self, language: str, members: Sequence[Passage], masked: Iterable[str]) -> None:
        self.language = language
        self.members = members
        self.stop = stop_words(language, masked)
        self.postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.by_topic: dict[str, list[int]] = defaultdict(list)
        average = sum(len(p.terms) for p in members) / max(1, len(members)) or 1.0
        for position, passage in enumerate(members):
            norm = _K1 * (1 - _B + _B * len(passage.terms) / average)
            for term, count in Counter(passage.terms).items():
                self.postings[term].append((position, count * (_K1 + 1) / (count + norm)))
            for topic in passage.topics:
                self.by_topic[topic].append(position)
        self._spellings: dict[str, list[str]] = defaultdict(list)
        for term in self.postings:
            for part in trigrams(term):
                self._spellings[part].append(term)
        self.unknown_idf = math.log(1 + len(members) + 0.5)

    def idf(self, term: str) -> float:
        """How telling a term is here."""
        found = len(self.postings.get(term, ()))
        return math.log(1 + (len(self.members) - found + 0.5) / (found + 0.5)) if found else self.unknown_idf

    def spelled(self, term: str) -> str:
        """The term, or the known one that it is most likely a slip of."""
        if term in self.postings or len(term) < _LEAST_TO_CORRECT:
            return term
        parts = trigrams(term)
        shared = Counter(known for part in parts for known in self._spellings.get(part, ()))
        alike = ((2 * n / (len(parts) + len(trigrams(known))), known) for known, n in shared.most_common(8))
        likeness, best = max(alike, default=(0.0, term))
        return best if likeness >= _SAME_WORD else term

    def candidates(self, query: ranker.Query) -> dict[int, float]:
        """Positions of passages worth a closer look, with their BM25 score."""
        scores: dict[int, float] = defaultdict(float)
        for term in query.stems:
            idf = query.idf[term]
            for position, weight in self.postings.get(term, ()):
                scores[position] += idf * weight
        for topic in query.topics:
            for position in self.by_topic.get(topic, ()):
                scores[position] += 0.0
        if len(scores) <= _CANDIDATES:
            return scores
        best = sorted(scores, key=lambda i: (len(query.topics & self.members[i].topics), scores[i]), reverse=True)
        by_words = sorted(scores, key=lambda i: scores[i], reverse=True)
        return {i: scores[i] for i in (*best[:_CANDIDATES], *by_words[:_CANDIDATES])}


def _speller(language: str, members: Sequence[Passage], stop: frozenset[str]) -> Speller:
    asked = {word for passage in members for word in passage.words}
    entries = lexicon.entries(language)
    right = stop | lexicon.words("not_slips", language) | lexicon.words("greetings", language)
    answers = {word for passage in members for word in normalise(passage.answer, language).split()}
    return Speller(asked | entries.whole, asked | answers | right | entries.whole, entries.beginnings)


class Index:
    """All passages of one property. `names` (of the house) don't count as words of a question."""

    def __init__(self, articles: Sequence[Article], *, default_language: str, names: Iterable[str] = ()) -> None:
        names = tuple(names)
        self._default = default_language
        of_article = {a.id: passages(a, names) for a in articles}
        self._by_article: dict[str, dict[str, Passage]] = {
            i: {p.language: p for p in of} for i, of in of_article.items()
        }
        languages = {p.language for of in of_article.values() for p in of}
        self._languages = {
            code: _LanguageIndex(code, [p for of in of_article.values() for p in of if p.language == code], names)
            for code in languages
        }
        self._spellers = {code: _speller(code, index.members, index.stop) for code, index in self._languages.items()}

    def __len__(self) -> int:
        return len(self._by_article)

    def in_language(self, article_id: str, language: str) -> Passage:
        """The article's passage in this language, else in the default language, else in any it has."""
        of = self._by_article[article_id]
        return of.get(language) or of.get(self._default) or next(iter(of.values()))

    def search(
        self, text: str, language: str, *, spoken: str | None = None, today: date | None = None, limit: int = 6
    ) -> Found:
        """The best passages for a guest's words. An article is found through its text in the guest's language, or,
        where it has none, through the language that it has. `spoken`: the guest's language, if the property does not
        answer in it; its topics still lead to articles."""
        query, hits = self.judged(text, language, spoken=spoken, today=today)
        best = hits[:limit]
        confidence = ranker.confidence(query, [h.features for h in best], [h.score for h in best])
        return Found(tuple(best), confidence, query.topics, query.aspects)

    def judged(
        self, text: str, language: str, *, spoken: str | None = None, today: date | None = None
    ) -> tuple[ranker.Query, list[Hit]]:
        """All hits, best first, and the question as the index of its language sees it."""
        asked = self._mended(shortened(text), spoken or language)
        normalised = normalise(asked, spoken or language)
        topics = lexicon.topics(normalised, spoken or language)
        aspects = lexicon.aspects(normalised, spoken or language)
        best: dict[str, Hit] = {}
        query = ranker.Query((), {}, frozenset(), frozenset(), topics, aspects)
        for code, index in self._languages.items():
            here = self._query(asked, index, topics, aspects)
            if code == language or not query.stems:
                query = here
            for hit in self._hits(here, index, language, today):
                known = best.get(hit.passage.article_id)
                if known is None or hit.score > known.score:
                    best[hit.passage.article_id] = hit
        hits = sorted(best.values(), key=lambda h: h.score, reverse=True)
        if hits and hits[0].passage.language != language:
            # Found through what it is about: that its language's articles lack the very word says nothing then.
            query = replace(query, known=query.known | self._told_by_topics(normalised, spoken or language))
        return query, hits

    def _told_by_topics(self, normalised: str, language: str) -> frozenset[str]:
        known = lexicon.entries(language)
        words = (w for w in normalised.split() if w in known.whole or w.startswith(known.beginnings))
        return frozenset(stems(" ".join(words), language))

    def _mended(self, text: str, language: str) -> str:
        """The text without slips of the pen, as far as this house's words and the lexicon's tell."""
        speller = self._spellers.get(language)
        return speller.mended(normalise(text, language)) if speller else text

    def _query(
        self, asked: str, index: _LanguageIndex, topics: frozenset[str], aspects: frozenset[str]
    ) -> ranker.Query:
        normalised = normalise(asked, index.language)
        written = stems(normalised, index.language, index.stop)
        content = tuple(dict.fromkeys(index.spelled(term) for term in written))
        words = " ".join(w for w in normalised.split() if w not in index.stop)
        idf = {term: index.idf(term) for term in content}
        known = frozenset(t for t in content if t in index.postings)
        return ranker.Query(content, idf, known, frozenset(trigrams(words)), topics, aspects)

    def _hits(self, query: ranker.Query, index: _LanguageIndex, language: str, today: date | None) -> list[Hit]:
        candidates = index.candidates(query)
        top = max(candidates.values(), default=0.0)
        hits = []
        for position, bm25 in candidates.items():
            passage = index.members[position]
            if index.language != language and self.in_language(passage.article_id, language).language == language:
                continue
            if not passage.is_valid(today):
                continue
            found = ranker.features(query, passage, bm25=bm25, best_bm25=top, idf=index.idf)
            hits.append(Hit(passage, ranker.score(found), found, self.in_language(passage.article_id, language)))
        return hits

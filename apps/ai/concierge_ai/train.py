"""Learn the ranker's weights from public question sets: `python -m concierge_ai.train FOLDER`.

Needs in FOLDER: hotel and restaurant `*_faq_knowledge.jsonl` and `*_faq_questions.jsonl`, `hotel_faq_missing_topic`,
`hotel_faq_opinion_only` and `out_of_scope` (see docs/ai.md for sources and licences). The first model is a softmax over
the passages of the own house, the second a logistic regression on whether the best passage is right. Plain gradient
descent from zero with fixed steps, so the same files give the same weights; written to `data/ranker.json`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from concierge_ai import question_sets, ranker
from concierge_ai.index import Index
from concierge_ai.question_sets import Asked

_SOURCES = "DSTC9/DSTC10 track data (Apache-2.0), DSTC11 (CDLA-Sharing-1.0), CLINC150 (CC BY 3.0)"


def main() -> None:
    """Train on the folder given and write the weights."""
    path = Path(__file__).parent / "data" / "ranker.json"
    learned = learn(Path(sys.argv[1]))
    path.write_text(json.dumps({**learned, "learned_from": _SOURCES}, indent=1) + "\n", encoding="utf-8")


def learn(folder: Path, *, left_out: Collection[str] = ()) -> dict[str, Any]:
    """The weights of both models; hotels `left_out` teach nothing."""
    hotels, restaurants = (
        question_sets.houses(folder / f"{k}_faq_knowledge.jsonl", k) for k in ("hotel", "restaurant")
    )
    asked = _asked(folder, hotels, left_out)
    restaurant_asked = question_sets.questions(folder / "restaurant_faq_questions.jsonl", "restaurant")
    lists = [*_lists(hotels, asked[0][0], 2.0), *_lists(restaurants, restaurant_asked, 1.0)]
    nothing = {"answer": {}, "bias": 0.0}
    learned: dict[str, Any] = {"rank": dict(zip(ranker.FEATURES, fit_softmax(lists), strict=True)), **nothing}
    with ranker.using(learned):
        data = [_judged(hotels[a.house], a, importance) for of, importance in asked for a in of]
    answer, bias = fit_logistic([row for row in data if row is not None])
    return {**learned, "answer": dict(zip(ranker.JUDGED, answer, strict=True)), "bias": bias}


def _asked(folder: Path, hotels: dict[str, Index], left_out: Collection[str]) -> list[tuple[list[Asked], float]]:
    """Answerable questions first, then those without an answer, each with its importance."""
    names = sorted(hotels)
    rows = enumerate(question_sets.rows(folder / "out_of_scope.jsonl"))
    strange = [Asked(names[n % len(names)], row["text"], frozenset()) for n, row in rows]
    files = (("hotel_faq_questions", 1.0), ("hotel_faq_missing_topic", 1.5), ("hotel_faq_opinion_only", 0.4))
    sets = [(question_sets.questions(folder / f"{name}.jsonl", "hotel"), importance) for name, importance in files]
    return [([a for a in of if a.house not in left_out], importance) for of, importance in (*sets, (strange, 0.8))]


def fit_softmax(
    lists: Sequence[tuple[list[ranker.Features], list[bool], float]], *, steps: int = 400, rate: float = 0.5
) -> list[float]:
    """Weights under which the right passages of each list weigh most. A list: features, right or not, its weight."""
    weights = [0.0] * len(ranker.FEATURES)
    total = sum(w for _, _, w in lists)
    for _ in range(steps):
        slope = [-0.002 * w * total for w in weights]
        for found, right, importance in lists:
            scores = [sum(w * f for w, f in zip(weights, fs, strict=True)) for fs in found]
            top = max(scores)
            powers = [math.exp(s - top) for s in scores]
            whole = sum(powers)
            good = sum(p for p, r in zip(powers, right, strict=True) if r)
            for fs, power, is_right in zip(found, powers, right, strict=True):
                pull = importance * ((power / good if is_right else 0.0) - power / whole)
                for i, f in enumerate(fs):
                    slope[i] += pull * f
        moved = [w + rate * 10 * s / total for w, s in zip(weights, slope, strict=True)]
        weights = [min(most, max(least, w)) for w, (least, most) in zip(moved, ranker.RANK_BOUNDS, strict=True)]
    return [round(w, 4) for w in weights]


def fit_logistic(
    data: Sequence[tuple[ranker.Features, float, float]], *, steps: int = 3000, rate: float = 0.3
) -> tuple[list[float], float]:
    """Weights and bias of a logistic regression; rows are features, label, importance."""
    weights, bias = [0.0] * len(ranker.JUDGED), 0.0
    total = sum(importance for _, _, importance in data)
    for _ in range(steps):
        slope, slope_bias = [-0.003 * w * total for w in weights], 0.0
        for fs, label, importance in data:
            z = bias + sum(w * f for w, f in zip(weights, fs, strict=True))
            off = importance * (label - 1 / (1 + math.exp(-max(-30.0, min(30.0, z)))))
            slope_bias += off
            for i, f in enumerate(fs):
                slope[i] += off * f
        weights = [
            _signed(w + rate * s / total, sign) for w, s, sign in zip(weights, slope, ranker.JUDGED_SIGNS, strict=True)
        ]
        bias += rate * slope_bias / total
    return [round(w, 4) for w in weights], round(bias, 4)


def _signed(weight: float, sign: int) -> float:
    """The weight if it has the sign that its feature's meaning demands, else 0: so few rows invite nonsense."""
    return weight if weight * sign >= 0 else 0.0


def _lists(
    houses: dict[str, Index], asked: Sequence[Asked], importance: float
) -> list[tuple[list[ranker.Features], list[bool], float]]:
    lists = []
    for question in asked:
        hits = houses[question.house].search(question.text, "en", limit=40).hits
        right = [h.passage.article_id in question.gold for h in hits]
        if any(right) and not all(right):
            lists.append(([h.features for h in hits], right, importance))
    return lists


def _judged(index: Index, asked: Asked, importance: float) -> tuple[ranker.Features, float, float] | None:
    query, hits = index.judged(asked.text, "en")
    if not hits:
        return None
    right = bool(asked.gold) and any(h.passage.article_id in asked.gold for h in hits[:3])
    return ranker.judged(query, [h.features for h in hits], [h.score for h in hits]), float(right), importance


if __name__ == "__main__":
    main()

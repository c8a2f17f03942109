"""Score the embedded answerer on public question sets: `python -m concierge_ai.evaluate FOLDER [--cross-validate]`.

Retrieval within the guest's own house, the share of answerable questions answered, the share of the unanswerable ones
answered all the same (by kind), and how long one question takes. What counts as answered is what the product does:
a passage given as the answer, after routing and bands. With `--cross-validate` the ranker is learned anew for each of
five parts of the houses, and each part is scored with weights that never saw it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from concierge_ai import bands, question_sets, ranker, train
from concierge_ai.bands import Band
from concierge_ai.index import Index
from concierge_ai.question_sets import Asked
from concierge_ai.routing import Intent, route

PARTS = 5
ASK_FROM = 0.35
"""The tenant's `minConfidence`, by default."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question: rank of the first right passage (0: none in the list), answered, right if so."""

    rank: int
    answered: bool
    right: bool
    seconds: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m concierge_ai.evaluate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    arguments = parser.parse_args()
    hotels = question_sets.houses(arguments.folder / "hotel_faq_knowledge.jsonl", "hotel")
    sets = _sets(arguments.folder, sorted(hotels))
    outcomes = _cross_validated(arguments.folder, hotels, sets) if arguments.cross_validate else _scored(hotels, sets)
    for line in table(outcomes):
        print(line)


def outcome(index: Index, asked: Asked) -> Outcome:
    """Ask one question as a guest would, in English."""
    began = time.perf_counter()
    found = index.search(asked.text, "en")
    way = route(asked.text, "en")
    confident = bands.band(bands.told(found.confidence), ask_from=ASK_FROM) is Band.ANSWER
    is_question = way.weak or way.intent in (Intent.FAQ, Intent.OTHER)
    judged = way.evaluative and way.intent is Intent.FAQ
    answered = confident and is_question and not judged and not way.says
    seconds = time.perf_counter() - began
    ids = [hit.passage.article_id for hit in found.hits]
    rank = next((n for n, i in enumerate(ids, 1) if i in asked.gold), 0)
    return Outcome(rank, answered, answered and rank == 1, seconds)


def table(outcomes: dict[str, list[Outcome]]) -> list[str]:
    """The figures as lines; ± is half of a 95 % interval (normal approximation)."""
    good = outcomes["answerable"]
    reciprocal = sum(1 / o.rank for o in good if 0 < o.rank <= 5) / len(good)
    lines = [
        f"answerable    n={len(good)}  R@1 {_share(o.rank == 1 for o in good)}"
        f"  R@3 {_share(0 < o.rank <= 3 for o in good)}  MRR@5 {reciprocal:.3f}",
        f"              answered {_share(o.answered for o in good)}"
        f"  of these right {_share(o.right for o in good if o.answered)}"
        f"  right in the first three {_share(0 < o.rank <= 3 for o in good if o.answered)}",
    ]
    for kind, of in list(outcomes.items())[1:]:
        lines += [f"{kind:<13} n={len(of)}  wrongly answered {_share(o.answered for o in of)}"]
    times = sorted(o.seconds * 1000 for of in outcomes.values() for o in of)
    lines.append(f"one question p50 {times[len(times) // 2]:.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms")
    return lines


def _sets(folder: Path, hotels: Sequence[str]) -> dict[str, list[Asked]]:
    strange = [r["text"] for r in question_sets.rows(folder / "out_of_scope.jsonl")]
    return {
        "answerable": question_sets.questions(folder / "hotel_faq_questions.jsonl", "hotel"),
        "missing topic": question_sets.questions(folder / "hotel_faq_missing_topic.jsonl", "hotel"),
        "opinion only": question_sets.questions(folder / "hotel_faq_opinion_only.jsonl", "hotel"),
        "out of scope": [Asked(hotels[n % len(hotels)], text, frozenset()) for n, text in enumerate(strange)],
    }


def _scored(hotels: dict[str, Index], sets: dict[str, list[Asked]]) -> dict[str, list[Outcome]]:
    return {kind: [outcome(hotels[a.house], a) for a in asked] for kind, asked in sets.items()}


def _cross_validated(folder: Path, hotels: dict[str, Index], sets: dict[str, list[Asked]]) -> dict[str, list[Outcome]]:
    outcomes: dict[str, list[Outcome]] = {kind: [] for kind in sets}
    for part in range(PARTS):
        left_out = {house for n, house in enumerate(sorted(hotels)) if n % PARTS == part}
        with ranker.using(train.learn(folder, left_out=left_out)):
            for kind, asked in sets.items():
                outcomes[kind] += [outcome(hotels[a.house], a) for a in asked if a.house in left_out]
    return outcomes


def _share(hits: Iterable[bool]) -> str:
    all_hits = list(hits)
    share = sum(all_hits) / max(1, len(all_hits))
    return f"{share:.3f} ±{1.96 * (share * (1 - share) / max(1, len(all_hits))) ** 0.5:.3f}"


if __name__ == "__main__":
    main()

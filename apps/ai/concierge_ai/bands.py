"""From the ranker's probability to what is done with it: answer, ask back, or say honestly that we don't know. Pure."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

ANSWER_FROM = 0.6
"""Confidence, as told to others, from which a passage is given as the answer."""

# Where the bands lie on the ranker's own scale (chosen on the public sets, see docs/ai.md), and what they are called
# outside: the tenant's `minConfidence` is written in the outside scale and must not move with each new training.
_KNOTS = ((0.0, 0.0), (0.15, 0.35), (0.4, ANSWER_FROM), (1.0, 1.0))


class Band(StrEnum):
    """What is done."""

    ANSWER = "answer"
    ASK = "ask"
    UNKNOWN = "unknown"


def told(probability: float) -> float:
    """The confidence told to others, 0..1, for the ranker's probability."""
    p = min(1.0, max(0.0, probability))
    for (p0, c0), (p1, c1) in pairwise(_KNOTS):
        if p <= p1:
            return c0 + (p - p0) / (p1 - p0) * (c1 - c0)
    return 1.0


def band(confidence: float, *, ask_from: float) -> Band:
    """The band of a told confidence. `ask_from`: the tenant's `minConfidence`."""
    if confidence >= max(ANSWER_FROM, ask_from):
        return Band.ANSWER
    return Band.ASK if confidence >= ask_from else Band.UNKNOWN

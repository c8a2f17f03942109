"""How a guest feels, by words in six languages with negation; a hint for staff and escalation, nothing more."""

from __future__ import annotations

from typing import Literal

from concierge_ai.lexicon import patterns
from concierge_ai.wording import normalise

Mood = Literal["positive", "neutral", "negative"]
_REACH = 2


def mood(text: str, language: str, *, unhappy: bool = False) -> Mood:
    """The mood of a message. `unhappy`: routing has recognised a complaint."""
    words = normalise(text, language)
    balance = _count("positive", words, language) - _count("negative", words, language)
    if unhappy or balance < 0 or _shouts(text, balance):
        return "negative"
    return "positive" if balance > 0 and "?" not in text else "neutral"


def _count(side: str, words: str, language: str) -> int:
    """Words of this side, less those turned round ("not good"), plus a turned word of the other side counted twice."""
    found = patterns("sentiment", language).get(side)
    if found is None:
        return 0
    total = 0
    for match in found.finditer(words):
        total += -1 if _is_turned(words[: match.start()], language) else 1
    return total


def _is_turned(before: str, language: str) -> bool:
    turns = patterns("sentiment", language).get("turns")
    near = " ".join(before.split()[-_REACH:])
    return bool(turns and turns.search(near))


def _shouts(text: str, balance: int) -> bool:
    letters = [c for c in text if c.isalpha()]
    return balance <= 0 and "!!" in text and sum(c.isupper() for c in letters) > len(letters) / 2

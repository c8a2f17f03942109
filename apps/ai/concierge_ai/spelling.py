"""Slips of the pen: how many strokes lie between two words, and whether that is few enough to mean the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

LEAST_LETTERS = 4
"""Shorter words are too alike ("bar", "bad") to be corrected."""
_LONG = 8


def slips(written: str, meant: str, *, most: int) -> int:
    """Letters wrong, missing, added or swapped with their neighbour between two words; `most + 1` where it is more."""
    if abs(len(written) - len(meant)) > most:
        return most + 1
    if most == 1:
        return _at_most_one(written, meant)
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(written, 1):
        above, row = row, [i]
        for j, other in enumerate(meant, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and written[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before = above
    return row[-1]


def _at_most_one(written: str, meant: str) -> int:
    """0, 1 or 2 for more; a language's whole vocabulary is compared this way."""
    if written == meant:
        return 0
    shorter = min(len(written), len(meant))
    same = next((n for n in range(shorter) if written[n] != meant[n]), shorter)
    rest, other = written[same:], meant[same:]
    swapped = len(rest) > 1 and rest[1::-1] == other[:2] and rest[2:] == other[2:]
    return 1 if swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] else 2


def allowed(word: str) -> int:
    """How many slips a word of this length may have: none, one, or two in a long one."""
    if len(word) < LEAST_LETTERS or not word.isalpha():
        return 0
    return 1 if len(word) < _LONG else 2


class Speller:
    """Mends the words of a question against the words that may be meant. `known` words are right as they are."""

    def __init__(self, meant: Iterable[str], known: Collection[str], beginnings: tuple[str, ...] = ()) -> None:
        self._known = known
        self._beginnings = beginnings
        self._meant: dict[str, list[str]] = defaultdict(list)
        for word in sorted(set(meant)):
            if allowed(word):
                self._meant[word[0]].append(word)

    def mended(self, words: str) -> str:
        """Normalised text with its slips mended; a word that could be two others is left as it is. So is a text with
        more strange words than slips: it is about another world, where "breach" is no misspelled beach."""
        written = words.split()
        mended = [self._word(word) for word in written]
        slipped = sum(one != other for one, other in zip(written, mended, strict=True))
        strange = sum(one == other and not self._is_known(one) for one, other in zip(written, mended, strict=True))
        return " ".join(mended) if slipped > strange else words

    def _is_known(self, word: str) -> bool:
        return not word.isalpha() or word in self._known or word.startswith(self._beginnings)

    def _word(self, word: str) -> str:
        most = allowed(word)
        if most == 0 or self._is_known(word):
            return word
        near = [(_cost(word, other, most), other) for other in self._meant.get(word[0], ())]
        near = sorted(pair for pair in near if pair[0][0] <= most)[:2]
        if not near or (len(near) == 2 and near[0][0] == near[1][0]):
            return word
        return near[0][1]


def _cost(word: str, other: str, most: int) -> tuple[int, int]:
    """Slips, and of as many the swapped letters before the rest. A short word is only ever a swap away: "tiem"."""
    number = slips(word, other, most=most)
    is_swap = sorted(word) == sorted(other)
    if len(word) <= LEAST_LETTERS and not is_swap:
        number = most + 1
    return number, 0 if is_swap else 1

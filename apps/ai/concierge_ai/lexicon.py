"""What the words of a hotel's guests are about, in six languages: topics (wifi, breakfast, pets …) and aspects of a
question (price, time, permission …). Entries stand in `data/topics.json` and `data/aspects.json`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

from concierge_ai.wording import pattern

LANGUAGES = ("en", "de", "fr", "es", "it", "ar")
EVERY_LANGUAGE = "any"


@cache
def read_data(name: str) -> Any:
    """The contents of `data/<name>.json`."""
    return json.loads(resources.files("concierge_ai").joinpath("data", f"{name}.json").read_text(encoding="utf-8"))


@cache
def words(name: str, language: str) -> frozenset[str]:
    """The words of `data/<name>.json` in this language, normalised; none where we don't know the language."""
    from concierge_ai.wording import normalise

    return frozenset(normalise(w, language) for w in read_data(name).get(language, "").split("|"))


@cache
def patterns(name: str, language: str) -> dict[str, re.Pattern[str]]:
    """Expression per key of `data/<name>.json` for normalised text of this language."""
    compiled: dict[str, re.Pattern[str]] = {}
    for key, entries in read_data(name).items():
        found = pattern(_entries(entries, language), language)
        if found is not None:
            compiled[key] = found
    return compiled


def topics(normalised: str, language: str) -> frozenset[str]:
    """What the text is about. That something is booked says little beside what it is ("pay for my booking")."""
    found = frozenset(k for k, p in patterns("topics", language).items() if p.search(normalised))
    return found - {"booking"} if len(found) > 1 else found


def aspects(normalised: str, language: str) -> frozenset[str]:
    """What about it: price, time, place, permission."""
    return frozenset(k for k, p in patterns("aspects", language).items() if p.search(normalised))


def _entries(entries: dict[str, str], language: str) -> list[str]:
    # A language that we have no words for (Polish, Dutch …) still shares the international ones.
    texts = (entries.get(EVERY_LANGUAGE, ""), entries.get(language, ""))
    return [e for text in texts for e in text.split("|") if e]

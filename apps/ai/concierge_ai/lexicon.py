"""What the words of a hotel's guests are about, in six languages: topics (wifi, breakfast, pets …) and aspects of a
question (price, time, permission …). Entries stand in `data/topics.json` and `data/aspects.json`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from concierge_ai.wording import pattern

LANGUAGES = ("en", "de", "fr", "es", "it", "ar")
EVERY_LANGUAGE = "any"
_LEAST_BEGINNING = 3
_RULES_OUT = {"ev_charging": frozenset(("power", "parking"))}


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
    return without_ruled_out(found - {"booking"} if len(found) > 1 else found, by=found)


def without_ruled_out(found: frozenset[str], *, by: frozenset[str]) -> frozenset[str]:
    """The topics less those that mean something else beside others: what charges a car charges no
    telephone, and is not where one parks."""
    return found.difference(*(ruled_out for topic, ruled_out in _RULES_OUT.items() if topic in by))


def aspects(normalised: str, language: str) -> frozenset[str]:
    """What about it: price, time, place, permission."""
    return frozenset(k for k, p in patterns("aspects", language).items() if p.search(normalised))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The single words of topics and aspects in a language: whole ones, and beginnings with any ending."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]


@cache
def entries(language: str) -> Vocabulary:
    """All words by which topics and aspects are known in this language."""
    from concierge_ai.wording import normalise

    written = [e for name in ("topics", "aspects") for of in read_data(name).values() for e in _entries(of, language)]
    parts = {part for entry in written for part in entry.split()}
    begun = {normalise(part, language) for part in parts if part.endswith("*")}
    whole = {w for part in parts for w in normalise(part, language).rstrip("*").split() if w.isalpha()}
    return Vocabulary(frozenset(whole), tuple(sorted(b.rstrip("*") for b in begun if len(b) > _LEAST_BEGINNING)))


def _entries(entries: dict[str, str], language: str) -> list[str]:
    # A language that we have no words for (Polish, Dutch …) still shares the international ones.
    texts = (entries.get(EVERY_LANGUAGE, ""), entries.get(language, ""))
    return [e for text in texts for e in text.split("|") if e]

"""The embedded answerer's own sentences in six languages; facts never come from here."""

from __future__ import annotations

import re

from concierge_ai.lexicon import read_data
from concierge_core import texts

FALLBACK_LANGUAGE = "en"


def phrase(key: str, language: str, **values: object) -> str:
    """The sentence `key` in this language, in English where we don't speak it."""
    sentences: dict[str, str] = read_data("phrases")[key]
    return sentences.get(language, sentences[FALLBACK_LANGUAGE]).format(**values)


def every(key: str, **values: object) -> frozenset[str]:
    """The sentence in all languages, to recognise it in a conversation."""
    sentences: dict[str, str] = read_data("phrases")[key]
    return frozenset(s.format(**values) for s in sentences.values())


def language_name(code: str, language: str) -> str:
    """What a language is called in another; its code where we don't know."""
    names = read_data("language_names")
    found: str = names.get(language, names[FALLBACK_LANGUAGE]).get(code, code)
    return found


def is_unanswered(text: str) -> bool:
    """A concierge's message that did not answer: it asked back or said that it does not know."""
    openings = [
        *every("ask_back"),
        *every("opinion_only"),
        *(texts.text("no_answer", code) for code in texts.LANGUAGES),
    ]
    return any(text.startswith(opening) for opening in openings)


def asks_for_room(text: str) -> bool:
    """A concierge's message that asked for the room number."""
    return any(text.rstrip().endswith(sentence) for sentence in every("ask_room") | every("ask_room_repair"))


def offers_person(text: str) -> bool:
    """A concierge's message that ended with the offer to ask a colleague."""
    offers = [
        *every("opinion_only"),
        *every("half_unknown", part=""),
        *(texts.text("no_answer", c) for c in texts.LANGUAGES),
    ]
    return any(text.rstrip().endswith(_last_sentence(offer)) for offer in offers)


def _last_sentence(text: str) -> str:
    return re.split(r"(?<=[.!؟?,،])\s+(?=\S)", text.replace("\xa0?", "?"))[-1]

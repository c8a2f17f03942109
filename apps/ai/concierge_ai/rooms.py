"""The room that a guest names: "room 12", "in 7B", "dans la 14"; not "at 7:30", "for 105 people", "2 towels". Pure."""

from __future__ import annotations

import re

from concierge_ai.wording import normalise

_WORDS = (
    r"room|rooms|rm|zimmer|zi|zimmernummer|chambre|ch|habitacion|hab|camera|stanza|suite|villa|apartment|appartement"
    r"|[لبو]?(?:ال)?غرف(?:ه|تي)|للغرفه"
)
_BETWEEN = r"(?: (?:number|no|nr|nummer|numero|n|is|ist|la|رقم))*"
_NAMED = re.compile(rf"\b(?:{_WORDS}){_BETWEEN} (\w{{0,2}}\d{{1,4}}\w?)\b")
# A number behind a mere "in" is a room unless what follows makes it a time, a number of things or people, or a year.
_NOT_COUNTED = (
    r"(?! (?:\d\d\b|am\b|pm\b|a m\b|p m\b|o clock|uhr|h\b|min\w*|hour\w*|stund\w*|heure\w*|hora\w*|or[ae]\b|day\w*"
    r"|tag\w*|jour\w*|dia\w*|giorn\w*|night\w*|nacht|nacht\w*|nuit\w*|noche\w*|nott\w*|week\w*|woche\w*|year\w*|people"
    r"|person\w*|guest\w*|gast\w*|adult\w*|erwachsen\w*|kids|children|kinder\w*|euro\w*|eur\b|km\b|met\w*|grad|degre\w*"
    r"|percent|prozent|of\b|times|mal\b|دقيق\w*|دقائق|ساع\w*|يوم|ايام|شخص|اشخاص))"
)
_IN = r"in|in der|auf|auf der|dans la|a la|de la|en la|nella|alla|della|في|من"
_WEAK = re.compile(rf"\b(?:{_IN}) (?!(?:19|20)\d\d\b)(\d{{2,4}}[a-g]?|\d[a-g]|[a-g]\d{{1,3}})\b{_NOT_COUNTED}")
_TO = re.compile(rf"\b(?:to|nach|zu|from|an) (?!(?:19|20)\d\d\b)(\d{{3,4}}[a-g]?|\d{{1,2}}[a-g])\b{_NOT_COUNTED}")
_TIME = re.compile(r"\b\d{1,2}(?:[:.h]\d{2}|\s*(?:am|pm|uhr|h|a\.m|p\.m|o'clock))\b", re.IGNORECASE)
_BARE = re.compile(r"\b([a-z]?\d{1,4}[a-z]?)\b")
_MOST_WORDS_OF_A_ROOM = 5


def room_in(text: str, language: str, *, bare: bool = False) -> str | None:
    """The room that a text names; with `bare` also a number alone (we had just asked for it)."""
    words = normalise(_TIME.sub(" ", text), language)
    found = _NAMED.search(words) or _WEAK.search(words) or _TO.search(words)
    if found:
        return found.group(1).upper()
    numbers = _BARE.findall(words) if bare else []
    return max(numbers, key=len).upper() if numbers else None


def is_only_a_room(text: str, language: str) -> bool:
    """Little beside a room is said: "room 23", "wir sind in 7B"."""
    return len(text.split()) <= _MOST_WORDS_OF_A_ROOM and room_in(text, language) is not None

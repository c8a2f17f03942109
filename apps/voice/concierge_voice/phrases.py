"""What the telephone concierge says of itself, and how each language is spoken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language on the telephone: `locale` for recognition and speech, `voice` of Twilio's `<Say>`."""

    locale: str
    voice: str


_TONGUES = {
    "en": Tongue("en-GB", "Polly.Amy-Neural"),
    "de": Tongue("de-DE", "Polly.Vicki-Neural"),
    "fr": Tongue("fr-FR", "Polly.Lea-Neural"),
    "es": Tongue("es-ES", "Polly.Lucia-Neural"),
    "it": Tongue("it-IT", "Polly.Bianca-Neural"),
    "ar": Tongue("ar-AE", "Polly.Hala-Neural"),
}


def tongue(language: str) -> Tongue:
    """How this language is spoken; English where we have no voice for it."""
    return _TONGUES.get(language, _TONGUES[_FALLBACK])


def phrase(key: str, language: str, **values: object) -> str:
    """The sentence `key`, in English where we don't speak the language."""
    every = _read()
    return every.get(language, every[_FALLBACK])[key].format(**values)


@cache
def _read() -> dict[str, dict[str, str]]:
    every: dict[str, dict[str, str]] = json.loads(
        resources.files(__package__).joinpath("phrases.json").read_text("utf-8")
    )
    return every

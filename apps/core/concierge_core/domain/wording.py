"""What a guest's text goes through before anything else sees it: cleaning, length, masking of card numbers."""

from __future__ import annotations

import re
import unicodedata

from concierge_core.errors import InvalidInput

MAX_MESSAGE_CHARACTERS = 4_000

# Zero-width joiners shape Persian text and emoji families, so they stay; other format characters (bidi overrides,
# byte order marks) can disguise text and go.
_KEPT_FORMAT = {"\u200c", "\u200d"}
_CARD_CANDIDATE = re.compile(r"(?<![\w])(?:\d[ \-.\u00a0]?){12,18}\d(?![\w])")


def clean(text: str) -> str:
    """Normalised (NFC) text without control characters, 1..4000 characters.

    Raises `InvalidInput` with code `empty` or `too_long`.
    """
    if len(text) > 4 * MAX_MESSAGE_CHARACTERS:
        raise InvalidInput("too_long", f"a message has at most {MAX_MESSAGE_CHARACTERS} characters")
    kept = "".join(c for c in text.replace("\r\n", "\n") if _is_kept(c))
    cleaned = unicodedata.normalize("NFC", kept).strip()
    if not cleaned:
        raise InvalidInput("empty", "the message has no text")
    if len(cleaned) > MAX_MESSAGE_CHARACTERS:
        raise InvalidInput("too_long", f"a message has at most {MAX_MESSAGE_CHARACTERS} characters")
    return cleaned


def mask_cards(text: str) -> str:
    """Payment card numbers (13..19 digits that pass the Luhn check) keep their last four digits only."""
    return _CARD_CANDIDATE.sub(_mask_if_card, text)


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character in _KEPT_FORMAT
    return character in "\n\t" or category not in ("Cc", "Cs", "Co", "Cn")


def _mask_if_card(match: re.Match[str]) -> str:
    digits = [int(c) for c in match.group() if c.isdigit()]
    if not _passes_luhn(digits):
        return match.group()
    return "•••• " + "".join(map(str, digits[-4:]))


def _passes_luhn(digits: list[int]) -> bool:
    doubled = (d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits)))
    return len(set(digits)) > 1 and sum(doubled) % 10 == 0

"""The dashboard's own words, through gettext: English in the code, other languages in `catalogue/<language>.json`.

A catalogue maps each English text to its translation (or, for counted texts, to the list of its forms). What it lacks
stays English.
"""

from __future__ import annotations

import gettext
import json
from functools import cache
from pathlib import Path
from typing import Any

_CATALOGUES = Path(__file__).parent / "catalogue"


class Wording(gettext.NullTranslations):
    """One language's words, with gettext's own interface."""

    def __init__(self, entries: dict[str, str | list[str]]) -> None:
        super().__init__()
        self._entries = entries

    def gettext(self, message: str) -> str:
        """The translation, or the English text itself."""
        entry = self._entries.get(message)
        return entry if isinstance(entry, str) and entry else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for `n`."""
        forms = self._entries.get(msgid1)
        one, many = forms if isinstance(forms, list) and len(forms) == 2 else (msgid1, msgid2)
        return one if n == 1 else many

    def say(self, message: str, **values: Any) -> str:
        """The translation with `%(name)s` filled in."""
        return self.gettext(message) % values if values else self.gettext(message)


@cache
def wording(language: str) -> Wording:
    """The words of a language; English for one that has no catalogue."""
    path = _CATALOGUES / f"{language}.json"
    if not language.isalpha() or not path.is_file():
        return Wording({})
    return Wording(json.loads(path.read_text(encoding="utf-8")))


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for "translate this later"
    """Mark a text for the catalogue that is translated where it is shown."""
    return message

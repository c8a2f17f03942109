"""How each setting is written in a form: its fields, and the way from JSON values to fields and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from concierge_admin import labels
from concierge_admin.wording import N_
from concierge_core.errors import InvalidInput
from concierge_core.tenant.hours import Hours

_DAYS: Final = {
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
    "saturday": N_("Saturday"),
    "sunday": N_("Sunday"),
}
_A_MONDAY: Final = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `kind` is text, area, tel or number; `label` is English, translated where it is shown."""

    name: str
    label: str
    kind: str = "text"
    language: str | None = None
    empty: str = ""
    """What is shown of an empty value, where that means something."""


class Form(Protocol):
    """One setting's form. `languages` are the property's."""

    def fields(self, languages: list[str]) -> list[Field]: ...
    def draft(self, value: Any, languages: list[str]) -> dict[str, str]: ...
    def value(self, draft: Mapping[str, str], languages: list[str]) -> Any:
        """Raises `InvalidInput` for what can't even be read; the model checks the rest."""
        ...


class Line:
    """One line of text."""

    def __init__(self, label: str, kind: str) -> None:
        self._field = Field("value", label, kind)

    def fields(self, languages: list[str]) -> list[Field]:
        """One."""
        return [self._field]

    def draft(self, value: Any, languages: list[str]) -> dict[str, str]:
        """The text as it is."""
        return {"value": "" if value is None else str(value)}

    def value(self, draft: Mapping[str, str], languages: list[str]) -> Any:
        """The text, or the whole number."""
        text = draft.get("value", "").strip()
        if not text:
            raise InvalidInput("empty", "is empty")
        if self._field.kind != "number":
            return text
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise InvalidInput("no_number", "must be a whole number")
        return int(text)


class Texts:
    """One text per language; the one of the default language must be there."""

    def fields(self, languages: list[str]) -> list[Field]:
        """One area per language."""
        return [_area(code) for code in languages]

    def draft(self, value: Any, languages: list[str]) -> dict[str, str]:
        """Empty for a language without a text."""
        return {f"value_{code}": value.get(code, "") for code in languages}

    def value(self, draft: Mapping[str, str], languages: list[str]) -> Any:
        """Only what was written."""
        texts = {code: text for code in languages if (text := draft.get(f"value_{code}", "").strip())}
        if languages[0] not in texts:
            raise InvalidInput("empty", "has no text for the default language")
        return texts


class Lists:
    """Several short texts per language, one a line."""

    def fields(self, languages: list[str]) -> list[Field]:
        """One area per language."""
        return [_area(code) for code in languages]

    def draft(self, value: Any, languages: list[str]) -> dict[str, str]:
        """One a line."""
        return {f"value_{code}": "\n".join(value.get(code, [])) for code in languages}

    def value(self, draft: Mapping[str, str], languages: list[str]) -> Any:
        """Empty lines don't count; a language without any line is left out."""
        lists = {code: _parts(draft.get(f"value_{code}", ""), "\n") for code in languages}
        return {code: lines for code, lines in lists.items() if lines}


class Week:
    """Opening hours: spans per weekday, and single days on which it is closed."""

    def fields(self, languages: list[str]) -> list[Field]:
        """Seven days and the exceptions."""
        days = [Field(day, label, empty=N_("Closed")) for day, label in _DAYS.items()]
        return [*days, Field("closed_on", N_("Closed on these dates"))]

    def draft(self, value: Any, languages: list[str]) -> dict[str, str]:
        """Every day with its own spans, whatever group they were written for."""
        hours = Hours.model_validate(value)
        weekly = hours.model_copy(update={"closed_on": []})
        draft = {day: ", ".join(weekly.spans_on(_A_MONDAY.replace(day=n))) for n, day in enumerate(_DAYS, start=1)}
        return draft | {"closed_on": ", ".join(day.isoformat() for day in hours.closed_on)}

    def value(self, draft: Mapping[str, str], languages: list[str]) -> Any:
        """One entry for all days if they are alike."""
        days = {day: _parts(draft.get(day, ""), ",") for day in _DAYS}
        alike = all(spans == days["monday"] for spans in days.values())
        weekly: dict[str, Any] = {"daily": days["monday"]} if alike else days
        closed_on = _parts(draft.get("closed_on", ""), ",")
        return weekly | ({"closedOn": closed_on} if closed_on else {})


@dataclass(frozen=True, slots=True)
class Described:
    """A setting in words for staff, and its form."""

    name: str
    purpose: str
    advice: str
    """How it is written; shown below the form and again when a value is refused."""
    nothing: str
    """What holds where no value is given."""
    form: Form


SETTINGS: Final[dict[str, Described]] = {
    "property.frontDeskHours": Described(
        N_("Front desk hours"),
        N_("When a guest who wants a person can be promised one. At other times guests are told when you open."),
        N_(
            "Times as 07:00-22:30, several on a day with commas between them, 00:00-24:00 for day and night; an empty "
            "day is closed. Dates as 2026-12-24."
        ),
        N_("Day and night"),
        Week(),
    ),
    "property.phone": Described(
        N_("Telephone number"),
        N_("Given to guests where the concierge cannot help."),
        N_("With + and the country code, such as +49 30 5550 1234."),
        N_("No number is given"),
        Line(N_("Number"), "tel"),
    ),
    "chat.greeting": Described(
        N_("Greeting"),
        N_("The first words that a guest reads in the chat."),
        N_("At most 4000 characters. The first language needs a text; guests of a language without one read it."),
        N_("The built-in greeting"),
        Texts(),
    ),
    "chat.quickReplies": Described(
        N_("Quick replies"),
        N_("Questions that guests can ask with one touch when they begin."),
        N_("One question a line: at most 8 per language, each of at most 60 characters."),
        N_("None are offered"),
        Lists(),
    ),
    "chat.handoff.acceptWithinSeconds": Described(
        N_("Time to accept a hand-off"),
        N_("How long a guest waits for a person before they are told honestly and a service request is made."),
        N_("A whole number of seconds, from 15 to 3600."),
        "",
        Line(N_("Seconds"), "number"),
    ),
}


def _area(code: str) -> Field:
    return Field(f"value_{code}", labels.of(labels.LANGUAGE, code), "area", code)


def _parts(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]

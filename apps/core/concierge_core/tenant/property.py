"""`spec.property`: the house itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from concierge_core.tenant.hours import Hours
from concierge_core.tenant.values import (
    Code,
    EmailAddress,
    LanguageCode,
    LocalizedText,
    PhoneNumber,
    Section,
    TimeOfDay,
    WebAddress,
    in_language,
    problem,
)

Line = Annotated[str, Field(min_length=1, max_length=120)]
"""One line of text, 1 to 120 characters."""
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""A colour as #rrggbb; always in quotes, because # starts a comment in YAML."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise problem(f'"{name}" is not a time zone; write an IANA name such as "Europe/Berlin"') from None
    return name


class Address(Section):
    """Postal address and, if known, position."""

    street: Line
    """Street and house number."""
    city: Line
    """Town."""
    postal_code: Annotated[str, Field(max_length=16)] | None = None
    """Postal code, in quotes (it is a text: "01067" keeps its zero)."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """ISO 3166-1 code of the country, two capital letters, such as "DE"."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east."""


class Branding(Section):
    """How the guest page, the widget and the mails look."""

    primary_color: Colour = "#1f3a4d"
    """Main colour: header, buttons, guest's bubbles."""
    accent_color: Colour = "#b08d57"
    """Second colour: links, focus, small marks."""
    logo_url: WebAddress | None = None
    """Logo (SVG or PNG, at least 64 px high); without it the name is set in type."""
    font: Annotated[str, Field(max_length=200, pattern=r"^[\w ,'\"-]+$")] | None = None
    """CSS font family list; fonts are not downloaded, so end with a generic one such as "serif"."""

    @property
    def on_primary(self) -> str:
        """Black or white, whichever reads better on the main colour (contrast at least 4.5:1)."""
        return _readable_on(self.primary_color)


class Department(Section):
    """A team that takes service requests."""

    code: Code
    """Stable short name, such as "housekeeping"."""
    name: LocalizedText
    """What guests and staff call it."""
    hours: Hours | None = None
    """When somebody is there; always, if absent."""
    email: EmailAddress | None = None
    """Where notifications for this department go."""
    phone: PhoneNumber | None = None
    """Direct number."""


def _default_departments() -> list[Department]:
    names = {
        "front-desk": {
            "en": "Front desk", "de": "Rezeption", "fr": "Réception", "es": "Recepción", "it": "Reception",
            "ar": "مكتب الاستقبال",
        },
        "housekeeping": {
            "en": "Housekeeping", "de": "Housekeeping", "fr": "Service d'étage", "es": "Servicio de pisos",
            "it": "Servizio ai piani", "ar": "خدمة الغرف والتنظيف",
        },
        "maintenance": {
            "en": "Maintenance", "de": "Haustechnik", "fr": "Service technique", "es": "Mantenimiento",
            "it": "Manutenzione", "ar": "الصيانة",
        },
        "food-and-beverage": {
            "en": "Food and beverage", "de": "Restaurant und Bar", "fr": "Restauration", "es": "Restaurante y bar",
            "it": "Ristorante e bar", "ar": "المطاعم والمشروبات",
        },
    }  # fmt: skip
    return [Department(code=code, name=name) for code, name in names.items()]


class Property(Section):
    """The house: name, place, languages, times, looks and departments."""

    code: Code
    """Stable short name of the property; separates its data from all others, so never change it."""
    name: Line
    """Name of the hotel as guests know it."""
    tagline: LocalizedText | None = None
    """One line under the name on the guest page."""
    address: Address
    """Where it is."""
    timezone: Annotated[str, AfterValidator(_zone)]
    """IANA time zone, such as "Europe/Berlin"; all local times of this file are in it."""
    languages: Annotated[list[LanguageCode], Field(min_length=1, max_length=12)] = Field(default=["en"])
    """Languages that guests are answered in, ISO 639-1; the first is the default."""
    phone: PhoneNumber | None = None
    """Main number, given to guests when the concierge cannot help."""
    email: EmailAddress | None = None
    """Main e-mail address."""
    website: WebAddress | None = None
    """Website of the hotel."""
    emergency_number: Annotated[str, Field(pattern=r"^[0-9]{2,6}$")] = "112"
    """What a guest dials for ambulance and fire brigade; in quotes."""
    check_in: TimeOfDay = "15:00"
    """Rooms are ready from this time, local."""
    check_out: TimeOfDay = "11:00"
    """Rooms are left by this time, local."""
    rooms: Annotated[int, Field(ge=1, le=20000)] | None = None
    """Number of rooms."""
    branding: Branding = Field(default_factory=Branding)
    """Colours, logo and font."""
    departments: Annotated[list[Department], Field(min_length=1, max_length=40)] = Field(
        default_factory=_default_departments
    )
    """Teams that take service requests; four usual ones if absent."""
    front_desk_hours: Hours = Field(default_factory=Hours.always)
    """When the front desk is staffed; always, if absent."""

    @model_validator(mode="after")
    def _nothing_twice(self) -> Property:
        _refuse_twice(self.languages, "languages", "language")
        _refuse_twice([department.code for department in self.departments], "departments", "department code")
        return self

    @property
    def default_language(self) -> str:
        """The first of `languages`."""
        return self.languages[0]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    def local(self, moment: datetime) -> datetime:
        """An aware moment, in the property's local time."""
        return moment.astimezone(self.zone)

    def supported(self, language: str | None) -> str:
        """`language` (also as "de-AT") if the property answers in it, else its default."""
        short = (language or "").replace("_", "-").split("-")[0].lower()
        return short if short in self.languages else self.default_language

    def department(self, code: str | None) -> Department | None:
        """The department of this code."""
        return next((department for department in self.departments if department.code == code), None)

    def department_name(self, code: str, language: str) -> str:
        """What the department is called in this language; its code if there is no such department."""
        found = self.department(code)
        return in_language(found.name, language, self.default_language) if found else code


def _refuse_twice(values: list[Any], field: str, thing: str) -> None:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise problem(f'lists the {thing} "{value}" twice; keep one', field=field)


def _readable_on(colour: str) -> str:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # Contrast with white beats contrast with black below this luminance (WCAG 2 formula).
    return "#ffffff" if luminance < 0.179 else "#000000"

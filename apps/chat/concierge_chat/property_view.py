"""What anybody may know about the property: the first thing that the widget and the hosted page show."""

from __future__ import annotations

from datetime import date
from typing import Any

from concierge_core.runtime import Runtime
from concierge_core.tenant.values import in_language
from concierge_core.texts import text

CLOSED_RETRY_SECONDS = 3600.0
"""When a client may ask a closed house again."""
_CLOSED = {
    "en": "{property} is closed for the season.",
    "de": "{property} hat derzeit Saisonpause.",
    "fr": "{property} est fermé pour la saison.",
    "es": "{property} está cerrado por temporada.",
    "it": "{property} è chiuso per la stagione.",
    "ar": "{property} مغلق حاليًا لانتهاء الموسم.",
}
_REOPENS = {
    "en": "We look forward to welcoming you again from {day}.",
    "de": "Wir freuen uns, Sie ab dem {day} wieder zu begrüßen.",
    "fr": "Nous serons heureux de vous accueillir à nouveau à partir du {day}.",
    "es": "Estaremos encantados de recibirle de nuevo a partir del {day}.",
    "it": "Saremo lieti di accogliervi di nuovo dal {day}.",
    "ar": "يسعدنا استقبالكم من جديد ابتداءً من {day}.",
}


def property_view(rt: Runtime, language: str) -> dict[str, Any]:
    """The property in one of its languages; what the YAML leaves open is left out."""
    spec = rt.tenant.spec
    house = spec.property
    default = house.default_language
    view = {
        "name": house.name,
        "title": in_language(spec.widget.title, language, default) if spec.widget.title else None,
        "tagline": in_language(house.tagline, language, default) if house.tagline else None,
        "language": language,
        "languages": house.languages,
        "branding": {
            **house.branding.model_dump(exclude_none=True),
            "on_primary": house.branding.on_primary,
        },
        "position": spec.widget.position,
        **_first_words(rt, language),
        "phone": house.phone,
        "email": house.email,
        "website": house.website,
        "address": house.address.model_dump(exclude_none=True),
        "check_in": house.check_in,
        "check_out": house.check_out,
        "ai_disclosure": text("ai_disclosure", language, property=house.name),
        "closed": closed_view(rt, language),
    }
    return {key: value for key, value in view.items() if value is not None}


def _first_words(rt: Runtime, language: str) -> dict[str, Any]:
    """Greeting and quick replies; a closed house says only that."""
    chat, default = rt.tenant.spec.chat, rt.tenant.spec.property.default_language
    if rt.tenant.spec.suspend.active:
        return {"greeting": closed_words(rt, language), "quick_replies": []}
    return {
        "greeting": in_language(dict(chat.greeting), language, default) or None,
        "quick_replies": chat.quick_replies.get(language) or chat.quick_replies.get(default) or [],
    }


def closed_view(rt: Runtime, language: str) -> dict[str, Any] | None:
    """What a guest reads while the house is closed for the season; None while it is open."""
    suspend = rt.tenant.spec.suspend
    if not suspend.active:
        return None
    view: dict[str, Any] = {"message": closed_words(rt, language)}
    if suspend.reopens_on is not None:
        view["reopens_on"] = suspend.reopens_on.isoformat()
    return view


def closed_words(rt: Runtime, language: str) -> str:
    """What guests read while the house is closed: its own words, else ours."""
    house, suspend = rt.tenant.spec.property, rt.tenant.spec.suspend
    if suspend.message is not None:
        return in_language(suspend.message, language, house.default_language)
    words = [in_language(_CLOSED, language).format(property=house.name)]
    if suspend.reopens_on is not None:
        words.append(in_language(_REOPENS, language).format(day=_written(suspend.reopens_on, language)))
    return " ".join(words)


def _written(day: date, language: str) -> str:
    return f"{day.day}.{day.month}.{day.year}" if language == "de" else f"{day.day}/{day.month}/{day.year}"

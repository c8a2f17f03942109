"""The small values that the tenant's YAML is made of: languages, texts, phone numbers, addresses, sizes, secrets.

Field docstrings are the descriptions that `docs/tenant.md` and the CRD show. A message raised here is the second half
of a sentence whose first half is the field's path: "spec.property.phone" + "must be an international number …".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

_ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el "
    "en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it "
    "iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt "
    "my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl "
    "sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo "
    "za zh zu "
)
_LONGEST_TEXT = 4000


class Section(BaseModel):
    """A part of the YAML: camelCase there, snake_case here, immutable, and no field it does not know."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )


def problem(message: str, *, field: str | None = None) -> PydanticCustomError:
    """An error in words for people. `field` is the dotted camelCase path below the place that is being validated."""
    return problems([(field, message)])


def problems(found: Sequence[tuple[str | None, str]]) -> PydanticCustomError:
    """Several at once: field and message of each."""
    # Braces would be read as placeholders by pydantic.
    words = "; ".join(message for _, message in found).replace("{", "{{").replace("}", "}}")
    return PydanticCustomError("tenant", words, {"problems": list(found)})


def _language(code: str) -> str:
    if len(code) != 2 or f"{code} " not in _ISO_639_1:
        raise problem(f'"{code}" is not a language; write its two-letter ISO 639-1 code, such as "en" or "de"')
    return code


LanguageCode = Annotated[
    str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2}$", "maxLength": 2})
]
"""ISO 639-1, two lower-case letters."""

Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]
"""Text that guests or staff read, 1 to 4000 characters."""

LocalizedMap = dict[LanguageCode, Text]
"""The same text per language."""


def _text_or_map(value: Any) -> Any:
    if isinstance(value, str):
        return _short_enough(value)
    if not isinstance(value, dict) or not value:
        raise problem('must be a text, or one text per language such as {en: "…", de: "…"}')
    for language, text in value.items():
        _language(str(language))
        if not isinstance(text, str):
            raise problem(f'must have a text for "{language}"; put it in quotes')
        _short_enough(text)
    return value


def _short_enough(text: str) -> str:
    if not 1 <= len(text) <= _LONGEST_TEXT:
        raise problem(f"must have 1 to {_LONGEST_TEXT} characters")
    return text


LocalizedText = Annotated[
    str | dict[str, str],
    BeforeValidator(_text_or_map),
    # Either form is legal, which a structural schema can only say by leaving the type open.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
]
"""One text for all languages, or a text per language."""


def in_language(text: str | dict[str, str], language: str, default_language: str = "en") -> str:
    """The text for `language`; else for `default_language`, else English, else any."""
    if isinstance(text, str):
        return text
    for code in (language, default_language, "en"):
        if code in text:
            return text[code]
    return next(iter(text.values()), "")


def _phone(number: str) -> str:
    compact = re.sub(r"[\s().\-/]", "", number)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", compact):
        raise problem(f'"{number}" must be an international number with + and country code, such as "+49 30 5550 1234"')
    return compact


PhoneNumber = Annotated[str, AfterValidator(_phone), WithJsonSchema({"type": "string", "maxLength": 32})]
"""E.164; spaces, dots, dashes and brackets may be written and are taken out."""


def _web_address(url: str) -> str:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        raise problem(f'"{url}" must be a web address that starts with https:// or http://')
    return url


def _origin(url: str) -> str:
    parts = _split(_web_address(url))
    if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise problem(f'"{url}" must be scheme and host only, such as "https://www.hotel.example", without a path')
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


WebAddress = Annotated[
    str,
    AfterValidator(_web_address),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "maxLength": 2048}),
]
"""An http or https URL."""

WebOrigin = Annotated[
    str,
    AfterValidator(_origin),
    WithJsonSchema({"type": "string", "pattern": "^https?://[^/]+/?$", "maxLength": 253}),
]
"""Scheme, host and port of a website: no path."""


def _email(address: str) -> str:
    if len(address) > 254 or not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+", address):
        raise problem(f'"{address}" must be an e-mail address, such as "desk@hotel.example"')
    return address


EmailAddress = Annotated[str, AfterValidator(_email), WithJsonSchema({"type": "string", "maxLength": 254})]


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise problem(f'"{value}" must be a time of day as "HH:MM", from "00:00" to "23:59"')
    return value


TimeOfDay = Annotated[
    str, AfterValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
]
"""Local time of the property, 24 hours, "HH:MM"."""


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise problem(f'"{value}" must be a date as YYYY-MM-DD') from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day of the property, YYYY-MM-DD."""


def _quantity(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?", value):
        raise problem(f'"{value}" must be a Kubernetes quantity, such as "250m", "512Mi" or "10Gi"')
    return value


Quantity = Annotated[
    str,
    AfterValidator(_quantity),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", "maxLength": 20}),
]
"""An amount of CPU, memory or storage, as Kubernetes writes it; always in quotes."""


def _code(value: str) -> str:
    if len(value) > 40 or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", value):
        raise problem(f'"{value}" must be lower-case letters, digits and dashes, at most 40, such as "front-desk"')
    return value


Code = Annotated[
    str,
    AfterValidator(_code),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 40}),
]
"""A short stable name for programs: lower-case letters, digits, dashes; at most 40."""


def _object_name(value: str) -> str:
    if len(value) > 253 or not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
        raise problem(f'"{value}" must be a Kubernetes name: lower-case letters, digits, dashes and dots')
    return value


LabelName = Annotated[str, Field(min_length=1, max_length=317)]
LabelValue = Annotated[str, Field(max_length=63)]

ObjectName = Annotated[
    str,
    AfterValidator(_object_name),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253}),
]
"""Name of a Kubernetes object."""


Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", max_length=128)]
"""An image's tag."""


class SecretRef(Section):
    """Where a secret lies; never the secret itself. On one machine it is looked up in `--secrets FILE` or in the
    environment as `CONCIERGE_SECRET_<NAME>_<KEY>`."""

    name: ObjectName
    """Name of the Secret."""
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """Key inside the Secret."""

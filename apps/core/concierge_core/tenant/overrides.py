"""Settings that staff may override in the dashboard, on top of what the property's YAML declares. Pure.

An override wins over the declared value, is shown beside it, and is flagged when the declared value has changed since
it was made. One that the model no longer accepts is left aside and flagged: what is declared holds then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_snake

from concierge_core.domain.knowledge import Origin
from concierge_core.errors import InvalidInput
from concierge_core.tenant.complaints import complaints
from concierge_core.tenant.model import ConciergeTenant

# What an app reads once at its start would not follow an override: see that everybody reads a setting from
# `Runtime.tenant` when it is needed, before it comes into this list.
FRONT_DESK_HOURS: Final = "property.frontDeskHours"
OVERRIDABLE: Final = (
    FRONT_DESK_HOURS,
    "property.phone",
    "chat.greeting",
    "chat.quickReplies",
    "chat.handoff.acceptWithinSeconds",
)
"""Dotted paths below `spec`, as in the YAML."""


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting. Values are JSON, as they would stand in the YAML; None: not given."""

    key: str
    declared: Any
    value: Any
    """What holds."""
    origin: Origin
    """Where `value` comes from."""
    override: Any = None
    """What staff wrote, even if it is left aside; None: nothing."""
    declared_changed: bool = False
    """The declared value is not the one any more that the override was made against."""
    invalid: bool = False
    """The override is no longer possible and does not hold."""


@dataclass(frozen=True, slots=True)
class Effective:
    """The property as guests and apps see it, and each overridable setting with its origin."""

    tenant: ConciergeTenant
    settings: list[SettingView]


def effective(tenant: ConciergeTenant, overrides: Mapping[str, Mapping[str, Any]]) -> Effective:
    """Apply the overrides, as `ports.TenantSettings.overrides` gives them; never raises.

    Overrides of settings that are not in `OVERRIDABLE` (any more) are passed over.
    """
    held, settings = tenant, []
    for key in OVERRIDABLE:
        override = overrides.get(key)
        if override is None:
            declared = value_in(tenant, key)
            settings.append(SettingView(key, declared, declared, Origin.DECLARED))
            continue
        try:
            held, invalid = with_override(held, key, override["value"]), False
        except InvalidInput:
            invalid = True
        settings.append(_overridden(tenant, held, key, override, invalid=invalid))
    return Effective(held, settings)


def with_override(tenant: ConciergeTenant, key: str, value: Any) -> ConciergeTenant:
    """The property with another value for one setting, checked by the model as a whole.

    Raises `InvalidInput` for a key that nobody may override ("unknown_setting") and for a value that the model
    refuses ("invalid_setting"; the message says why, without the field's name).
    """
    if key not in OVERRIDABLE:
        raise InvalidInput("unknown_setting", f'the setting "{key}" cannot be overridden')
    written = tenant.model_dump(mode="json", by_alias=True, exclude_unset=True)
    *sections, name = key.split(".")
    place = written["spec"]
    for section in sections:
        place = place.setdefault(section, {})
    place[name] = value
    try:
        return ConciergeTenant.model_validate(written, by_alias=True, by_name=False)
    except ValidationError as error:
        _, words = complaints(error, ConciergeTenant)[0]
        raise InvalidInput("invalid_setting", words) from None


def value_in(tenant: ConciergeTenant, key: str) -> Any:
    """The setting's value in this tenant, as JSON."""
    value: Any = tenant.spec
    for step in key.split("."):
        value = getattr(value, to_snake(step))
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def declared_hash(tenant: ConciergeTenant, key: str) -> str:
    """A fingerprint of the value, kept with an override to notice when the YAML changes under it."""
    return value_hash(value_in(tenant, key))


def value_hash(value: Any) -> str:
    """A fingerprint of a JSON value: 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _overridden(
    tenant: ConciergeTenant, held: ConciergeTenant, key: str, override: Mapping[str, Any], *, invalid: bool
) -> SettingView:
    return SettingView(
        key=key,
        declared=value_in(tenant, key),
        value=value_in(held, key),
        origin=Origin.DECLARED if invalid else Origin.STAFF,
        override=override["value"],
        declared_changed=override["declared_hash"] != declared_hash(tenant, key),
        invalid=invalid,
    )

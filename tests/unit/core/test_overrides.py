"""Overrides: they win, are shown beside what is declared, and give way when the model refuses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_core.domain.knowledge import Origin
from concierge_core.errors import InvalidInput
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.tenant.overrides import (
    OVERRIDABLE,
    SettingView,
    declared_hash,
    effective,
    value_in,
    with_override,
)

MANIFESTS = sorted((Path(__file__).parents[3] / "manifests").glob("*.yaml"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("en"), inner, max_size=3),
    max_leaves=6,
)


def tenant(**spec: Any) -> ConciergeTenant:
    house = {
        "code": "seaside",
        "name": "Seaside",
        "address": {"street": "Pier 1", "city": "Cove", "country": "GB"},
        "timezone": "Europe/London",
        "languages": ["en", "de"],
        **spec.pop("property", {}),
    }
    written = {"metadata": {"name": "seaside"}, "spec": {"property": house, **spec}}
    return ConciergeTenant.model_validate(written)


def made(base: ConciergeTenant, key: str, value: Any) -> dict[str, dict[str, Any]]:
    """An override as it is stored, made against this tenant."""
    return {key: {"value": value, "declared_hash": declared_hash(base, key), "by": "m", "at": None}}


def setting(of: list[SettingView], key: str) -> SettingView:
    return next(s for s in of if s.key == key)


def test_without_overrides_the_declared_property_itself_holds() -> None:
    declared = tenant()

    found = effective(declared, {})

    assert found.tenant is declared
    assert [s.key for s in found.settings] == list(OVERRIDABLE)
    assert {s.origin for s in found.settings} == {Origin.DECLARED}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("property.phone", "+44205550100"),
        ("property.frontDeskHours", {"daily": ["07:00-23:00"], "closedOn": ["2026-12-24"]}),
        ("chat.greeting", {"en": "Hello"}),
        ("chat.quickReplies", {"en": ["Breakfast?"]}),
        ("chat.handoff.acceptWithinSeconds", 300),
    ],
)
def test_an_override_wins_and_the_declared_value_stands_beside_it(key: str, value: Any) -> None:
    declared = tenant(chat={"greeting": {"en": "Good day"}})

    found = effective(declared, made(declared, key, value))
    seen = setting(found.settings, key)

    assert value_in(found.tenant, key) == value
    assert (seen.value, seen.override, seen.origin) == (value, value, Origin.STAFF)
    assert seen.declared == value_in(declared, key) != value
    assert not seen.declared_changed
    assert not seen.invalid
    others = [s for s in found.settings if s.key != key]
    assert all(s.origin is Origin.DECLARED and s.value == s.declared for s in others)


def test_a_declared_change_under_an_override_is_flagged_and_the_override_still_wins() -> None:
    before = tenant(chat={"greeting": {"en": "Good day"}})
    override = made(before, "chat.greeting", {"en": "Ahoy"})

    after = effective(tenant(chat={"greeting": {"en": "Welcome"}}), override)

    seen = setting(after.settings, "chat.greeting")
    assert (seen.declared, seen.value, seen.declared_changed) == ({"en": "Welcome"}, {"en": "Ahoy"}, True)
    assert after.tenant.spec.chat.greeting == {"en": "Ahoy"}


def test_an_override_that_is_no_longer_possible_is_left_aside_and_flagged() -> None:
    before = tenant()
    override = made(before, "chat.greeting", {"en": "Ahoy"}) | made(before, "property.phone", "+44205550100")

    found = effective(tenant(property={"languages": ["de"]}), override)

    seen = setting(found.settings, "chat.greeting")
    assert (seen.invalid, seen.origin, seen.value, seen.override) == (True, Origin.DECLARED, {}, {"en": "Ahoy"})
    assert found.tenant.spec.chat.greeting == {}
    assert found.tenant.spec.property.phone == "+44205550100"


def test_what_may_not_be_overridden_can_not_be_and_stored_leftovers_do_nothing() -> None:
    declared = tenant()

    with pytest.raises(InvalidInput) as refused:
        with_override(declared, "property.code", "another")
    left = effective(declared, {"property.code": {"value": "another", "declared_hash": "x"}})

    assert refused.value.code == "unknown_setting"
    assert left.tenant is declared


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("property.phone", "12", "international number"),
        ("property.frontDeskHours", {"monday": ["25:00-26:00"]}, "opening hours"),
        ("chat.greeting", {"de": "Moin"}, "default language"),
        ("chat.quickReplies", {"en": ["x" * 61]}, "60"),
        ("chat.handoff.acceptWithinSeconds", 5, "15"),
        ("chat.handoff.acceptWithinSeconds", "300", "number"),
    ],
)
def test_the_model_says_why_a_value_is_refused(key: str, value: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        with_override(tenant(), key, value)

    assert refused.value.code == "invalid_setting"


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_each_example_property_can_be_overridden_and_nothing_else_of_it_changes(path: Path) -> None:
    declared = load_tenant_files([path])[0].tenant

    changed = with_override(declared, "chat.handoff.acceptWithinSeconds", 777)
    back = with_override(changed, "chat.handoff.acceptWithinSeconds", declared.spec.chat.handoff.accept_within_seconds)

    assert changed != declared
    assert back == declared


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(OVERRIDABLE), value=JSON)
def test_nothing_that_lies_in_the_database_can_break_the_property(key: str, value: Any) -> None:
    declared = tenant()

    found = effective(declared, {key: {"value": value, "declared_hash": ""}})

    seen = setting(found.settings, key)
    assert seen.invalid == (seen.origin is Origin.DECLARED)
    assert seen.declared_changed

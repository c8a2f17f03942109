"""Tenant before class before built-in, field by field, and each value's origin."""

from __future__ import annotations

from typing import Any

from concierge_core.tenant.brand import ConciergeClass
from concierge_operator.resolve import Source, resolve

TENANT: dict[str, Any] = {
    "apiVersion": "concierge.hotel/v1alpha1",
    "kind": "ConciergeTenant",
    "metadata": {"name": "house"},
    "spec": {
        "property": {
            "code": "house",
            "name": "House",
            "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
            "timezone": "Europe/Berlin",
        },
        "ai": {"temperature": 0.5, "escalation": {"keywords": ["lawyer"]}},
    },
}


def brand(**defaults: Any) -> ConciergeClass:
    return ConciergeClass.model_validate(
        {"kind": "ConciergeClass", "metadata": {"name": "brand"}, "spec": {"defaults": defaults}}
    )


def test_the_tenants_word_wins_over_the_classs_field_by_field() -> None:
    found = resolve(TENANT, brand(ai={"model": "gemini-brand", "temperature": 0.1})).tenant.spec.ai

    assert (found.model, found.temperature) == ("gemini-brand", 0.5)


def test_a_list_is_taken_whole_from_whoever_said_it_last() -> None:
    shared = brand(ai={"escalation": {"keywords": ["press", "court"], "minConfidence": 0.5}})

    found = resolve(TENANT, shared).tenant.spec.ai.escalation

    assert (found.keywords, found.min_confidence) == (["lawyer"], 0.5)


def test_looks_of_the_brand_reach_the_property() -> None:
    found = resolve(TENANT, brand(branding={"primaryColor": "#112233"})).tenant.spec.property

    assert (found.branding.primary_color, found.name) == ("#112233", "House")


def test_without_a_class_only_the_tenants_own_word_and_the_built_in_hold() -> None:
    assert resolve(TENANT, None).tenant.spec.ai.model == "gemini-3.5-flash"


def test_every_value_that_was_said_has_its_origin() -> None:
    origins = resolve(TENANT, brand(ai={"model": "gemini-brand", "temperature": 0.1})).origins()

    assert origins["ai.model"] is Source.CLASS
    assert origins["ai.temperature"] is Source.TENANT
    assert origins["property.code"] is Source.TENANT
    assert "ai.persona" not in origins

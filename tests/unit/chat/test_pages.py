"""What a page is made of: safe JSON, checked colours, a strict policy, kind words when the house is closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.closed_page import closed_page
from concierge_chat.pages import json_for_html, theme
from concierge_chat.property_view import property_view

Make = Callable[..., Any]


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=4))
def test_json_in_a_page_can_not_break_out_of_its_script_and_is_the_same_json(value: dict[str, str]) -> None:
    text = json_for_html(value)

    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_the_theme_is_the_propertys_own() -> None:
    branding = {
        "primary_color": "#112233",
        "accent_color": "#aabbcc",
        "on_primary": "#ffffff",
        "font": "Georgia, serif",
    }

    assert theme(branding) == (
        ":root{--concierge-primary:#112233;--concierge-accent:#aabbcc;"
        "--concierge-on-primary:#ffffff;--concierge-font:Georgia, serif}"
    )


def test_the_property_is_told_in_the_guests_language(make_tenant: Make) -> None:
    tenant = make_tenant(
        property={"tagline": {"en": "By the sea", "de": "Am Meer"}},
        chat={"greeting": {"en": "Welcome", "de": "Willkommen"}, "quickReplies": {"en": ["Breakfast?"]}},
    )

    view = property_view(SimpleNamespace(tenant=tenant), "de")  # type: ignore[arg-type]  # all it reads

    assert (view["name"], view["tagline"], view["greeting"]) == ("Hotel Seaside", "Am Meer", "Willkommen")
    assert view["quick_replies"] == ["Breakfast?"]
    assert view["languages"] == ["en", "de", "ar"]
    assert "KI-Concierge" in view["ai_disclosure"]
    assert "closed" not in view


def test_a_closed_house_says_when_it_opens_and_how_to_reach_it(make_tenant: Make) -> None:
    tenant = make_tenant(property={"name": "Smith & Sons"}, suspend={"active": True, "reopensOn": "2027-04-01"})

    page = closed_page(SimpleNamespace(tenant=tenant), "de")  # type: ignore[arg-type]  # all it reads

    assert '<html lang="de" dir="ltr">' in page
    assert "Smith &amp; Sons hat derzeit Saisonpause. Wir freuen uns, Sie ab dem 1.4.2027 wieder zu begrüßen." in page
    assert 'href="tel:+493055501234"' in page


def test_a_closed_house_may_say_it_in_its_own_words_which_are_never_html(make_tenant: Make) -> None:
    tenant = make_tenant(suspend={"active": True, "message": {"en": "Back in <spring>", "ar": "نعود في الربيع"}})

    assert "Back in &lt;spring&gt;" in closed_page(SimpleNamespace(tenant=tenant), "en")  # type: ignore[arg-type]
    assert 'dir="rtl"' in closed_page(SimpleNamespace(tenant=tenant), "ar")  # type: ignore[arg-type]

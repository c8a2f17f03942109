"""Settings: what is declared stays beside what staff put in its place, and either can hold."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from concierge_admin.setting_forms import SETTINGS
from concierge_core.domain.people import Role
from concierge_core.runtime import Runtime
from concierge_core.tenant.overrides import OVERRIDABLE

SignedIn = Callable[..., Awaitable[Any]]


def section(page: str, key: str) -> str:
    """One setting's part of the page."""
    found = re.search(rf'<section class="sheet setting" id="{re.escape(key)}".*?</section>', page, re.DOTALL)
    assert found
    return found.group(0)


async def shown(browser: Any, key: str) -> str:
    return section((await browser.get("/admin/settings")).text, key)


async def change(browser: Any, key: str, **fields: str) -> Any:
    """Fill in the form of the page as it is now, and send it."""
    form = await shown(browser, key)
    hidden = dict(re.findall(r'name="(seen_\w+)" value="([^"]*)"', form))
    written = dict(re.findall(r'name="(\w+)" type="\w+"[^>]*? value="([^"]*)"', form))
    return await browser.post(f"/admin/settings/{key}", {**written, **hidden, **fields})


async def test_each_setting_that_may_be_overridden_is_on_the_page(signed_in: SignedIn) -> None:
    page = (await (await signed_in("Mona", Role.MANAGER)).get("/admin/settings")).text

    assert set(SETTINGS) == set(OVERRIDABLE)
    for key, described in SETTINGS.items():
        part = section(page, key)
        assert described.name in part
        assert '<span class="pill">Declared</span>' in part
        assert "Remove your version" not in part


async def test_staffs_version_holds_is_shown_beside_the_declared_one_and_can_be_removed(
    rt: Runtime, signed_in: SignedIn
) -> None:
    browser = await signed_in("Mona", Role.MANAGER)

    saved = await change(browser, "property.phone", value="+49 30 5550 177")

    assert saved.headers["location"] == "/admin/settings?said=setting_saved&of=property.phone#property.phone"
    assert "Saved. It holds at once." in (await browser.get(saved.headers["location"])).text
    assert rt.tenant.spec.property.phone == "+49305550177"
    assert rt.declared.spec.property.phone != "+49305550177"
    part = await shown(browser, "property.phone")
    assert "Your version" in part
    assert "Overridden" in part
    assert "+49305550177" in part

    gone = await browser.post("/admin/settings/property.phone/drop", {"confirmed": "true"})
    assert gone.headers["location"] == "/admin/settings?said=setting_dropped&of=property.phone#property.phone"
    assert rt.tenant.spec.property.phone == rt.declared.spec.property.phone
    assert "Overridden" not in await shown(browser, "property.phone")
    assert (await browser.post("/admin/settings/property.phone/drop", {"confirmed": "true"})).status_code == 422


async def test_every_form_stores_what_was_written_in_it(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)
    languages = rt.tenant.spec.property.languages
    greetings = {f"value_{code}": f"Ahoy\r\n{code}" for code in languages}

    await change(browser, "chat.greeting", **greetings)
    await change(browser, "chat.quickReplies", value_en="Breakfast?\r\n\r\n  Pool?  \r\n")
    await change(browser, "chat.handoff.acceptWithinSeconds", value="300")
    await change(browser, "property.frontDeskHours", sunday="08:00 – 12:00, 14:00-18:00", closed_on="2026-12-24")

    spec = rt.tenant.spec
    assert spec.chat.greeting == {code: f"Ahoy\n{code}" for code in languages}
    assert spec.chat.quick_replies == {"en": ["Breakfast?", "Pool?"]}
    assert spec.chat.handoff.accept_within_seconds == 300
    assert spec.property.front_desk_hours.sunday == ["08:00-12:00", "14:00-18:00"]
    assert spec.property.front_desk_hours.monday == ["00:00-24:00"]
    assert [day.isoformat() for day in spec.property.front_desk_hours.closed_on] == ["2026-12-24"]
    part = await shown(browser, "property.frontDeskHours")
    assert "08:00-12:00, 14:00-18:00" in part
    assert "2026-12-24" in part


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("property.phone", {"value": "call us"}),
        ("property.phone", {"value": ""}),
        ("property.frontDeskHours", {"monday": "always"}),
        ("property.frontDeskHours", {"closed_on": "Christmas"}),
        ("chat.greeting", {"value_de": "Moin"}),
        ("chat.quickReplies", {"value_en": "x" * 61}),
        ("chat.handoff.acceptWithinSeconds", {"value": "5"}),
        ("chat.handoff.acceptWithinSeconds", {"value": "²"}),
    ],
)
async def test_what_cannot_be_used_is_kept_in_the_form_and_changes_nothing(
    rt: Runtime, signed_in: SignedIn, key: str, fields: dict[str, str]
) -> None:
    browser = await signed_in("Mona", Role.MANAGER)

    refused = await change(browser, key, **fields)

    part = section(refused.text, key)
    assert refused.status_code == 422
    assert 'role="alert"' in part
    assert SETTINGS[key].advice in part
    assert all(value in part for value in fields.values())
    assert rt.tenant is rt.declared


async def test_a_declared_change_under_staffs_version_is_flagged_until_they_have_looked(
    rt: Runtime, signed_in: SignedIn
) -> None:
    browser = await signed_in("Mona", Role.MANAGER)
    await change(browser, "property.phone", value="+49305550177")
    assert "has changed since" not in await shown(browser, "property.phone")

    house = rt.declared.spec.property.model_copy(update={"phone": "+49305550188"})
    rt.declared = rt.declared.model_copy(update={"spec": rt.declared.spec.model_copy(update={"property": house})})

    part = await shown(browser, "property.phone")
    assert "The declared value has changed since your version was written" in part
    assert "+49305550188" in part
    await change(browser, "property.phone")
    assert "has changed since" not in await shown(browser, "property.phone")


async def test_a_version_that_no_longer_fits_is_said_and_the_declared_value_holds(
    rt: Runtime, signed_in: SignedIn
) -> None:
    browser = await signed_in("Mona", Role.MANAGER)
    await change(browser, "chat.greeting", value_en="Ahoy")
    house = rt.declared.spec.property.model_copy(update={"languages": ["de", "en"]})
    chat = rt.declared.spec.chat.model_copy(update={"greeting": {"de": "Moin"}})
    spec = rt.declared.spec.model_copy(update={"property": house, "chat": chat})
    rt.declared = rt.declared.model_copy(update={"spec": spec})

    part = await shown(browser, "chat.greeting")

    assert "no longer fits" in part
    assert '<span class="pill">Declared</span>' in part
    await browser.post("/admin/settings/chat.greeting/drop", {"confirmed": "true"})
    assert "no longer fits" not in await shown(browser, "chat.greeting")


async def test_nobody_overwrites_a_colleagues_version_unseen(rt: Runtime, signed_in: SignedIn) -> None:
    mona, carl = await signed_in("Mona", Role.MANAGER), await signed_in("Carl", Role.ADMIN)
    early = {"seen_override": "", "value": "+49305550111"}
    await change(mona, "property.phone", value="+49305550177")

    late = await carl.post("/admin/settings/property.phone", early)

    part = section(late.text, "property.phone")
    assert late.status_code == 409
    assert "A colleague changed this setting" in part
    assert "+49305550111" in part
    assert "+49305550177" in part
    assert rt.tenant.spec.property.phone == "+49305550177"


async def test_what_is_written_is_never_markup(signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)

    await change(browser, "chat.greeting", value_en='</textarea><script>alert("x")</script>')

    assert "<script>alert" not in await shown(browser, "chat.greeting")


async def test_the_front_desk_neither_sees_nor_changes_settings(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Anna", Role.AGENT)

    assert "/admin/settings" not in (await browser.get("/admin/")).text
    assert (await browser.get("/admin/settings")).status_code == 403
    refused = await browser.post("/admin/settings/property.phone", {"value": "+49305550177"})
    assert refused.status_code == 403
    assert rt.tenant is rt.declared


async def test_a_change_is_in_the_audit_with_a_way_to_its_setting(signed_in: SignedIn) -> None:
    browser = await signed_in("Clara", Role.ADMIN)
    await change(browser, "property.phone", value="+49305550177")

    page = (await browser.get("/admin/audit")).text

    assert '<a href="/admin/settings#property.phone">Setting changed</a>' in page

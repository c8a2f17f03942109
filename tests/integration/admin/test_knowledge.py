"""Knowledge: what is declared stays as it is, and what staff write wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from concierge_core.domain.events import KnowledgeChanged
from concierge_core.domain.people import Role
from concierge_core.runtime import Runtime

SignedIn = Callable[..., Awaitable[Any]]
Declare = Callable[..., Awaitable[None]]
OVERRIDE = {"question_en": "When is breakfast?", "answer_en": "From 8:00 while the kitchen is rebuilt."}


async def effective(rt: Runtime) -> dict[str, str]:
    async with rt.store.read() as unit:
        return {a.slug: a.texts["en"].answer for a in await unit.articles.effective(rt.tenant_id)}


async def seen(browser: Any, slug: str) -> dict[str, str]:
    """The hidden fields of the edit form: which versions this person has looked at."""
    import re

    page = (await browser.get(f"/admin/knowledge/{slug}/edit")).text
    return dict(re.findall(r'name="(seen_\w+)" value="([^"]*)"', page))


async def test_the_list_shows_where_each_article_comes_from_and_can_be_searched(
    declare: Declare, article: Any, signed_in: SignedIn
) -> None:
    await declare(
        article("breakfast", "When is breakfast?", "From 7:30."), article("pool", "Is there a pool?", "Yes, heated.")
    )
    browser = await signed_in()

    everything = (await browser.get("/admin/knowledge")).text
    found = (await browser.get("/admin/knowledge?q=HEATED")).text

    assert "When is breakfast?" in everything
    assert "Declared" in everything
    assert "Is there a pool?" in found
    assert "When is breakfast?" not in found
    assert "No article has these words" in (await browser.get("/admin/knowledge?q=helicopter")).text


async def test_an_override_wins_and_can_be_dropped(
    rt: Runtime, declare: Declare, article: Any, signed_in: SignedIn
) -> None:
    await declare(article("breakfast", "When is breakfast?", "From 7:30."))
    browser = await signed_in("Mona", Role.MANAGER)

    fields = {**OVERRIDE, **await seen(browser, "breakfast")}
    saved = await browser.post("/admin/knowledge/breakfast/edit", fields)
    assert saved.headers["location"] == "/admin/knowledge/breakfast?said=article_saved"
    assert await effective(rt) == {"breakfast": "From 8:00 while the kitchen is rebuilt."}
    page = (await browser.get("/admin/knowledge/breakfast")).text
    assert "From 7:30." in page
    assert "Overridden" in page

    await browser.post("/admin/knowledge/breakfast/drop", {"confirmed": "true"})
    assert await effective(rt) == {"breakfast": "From 7:30."}
    assert (await browser.post("/admin/knowledge/breakfast/drop", {"confirmed": "true"})).status_code == 422


async def test_a_declared_change_under_an_override_is_flagged(
    rt: Runtime, declare: Declare, article: Any, signed_in: SignedIn
) -> None:
    await declare(article("breakfast", "When is breakfast?", "From 7:30."))
    browser = await signed_in("Mona", Role.MANAGER)
    await browser.post("/admin/knowledge/breakfast/edit", {**OVERRIDE, **await seen(browser, "breakfast")})
    assert "Nothing to look at" in (await browser.get("/admin/knowledge?only=changed")).text

    await declare(article("breakfast", "When is breakfast?", "From 6:00.", mark="2"))

    assert "Declared text has changed" in (await browser.get("/admin/knowledge?only=changed")).text
    assert "The declared text has changed since" in (await browser.get("/admin/knowledge/breakfast")).text
    await browser.post("/admin/knowledge/breakfast/edit", {**OVERRIDE, **await seen(browser, "breakfast")})
    assert "Nothing to look at" in (await browser.get("/admin/knowledge?only=changed")).text


async def test_a_new_article_answers_guests_and_the_indexes_hear_of_it(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)
    async with rt.broadcast.subscribe(rt.tenant_id) as subscription:
        fields = {
            "question_de": "Gibt es eine Sauna für Gäste?",
            "answer_de": "Ja, im Keller.",
            "question_en": "Is there a sauna?",
            "answer_en": "Yes, downstairs.",
            "also_asked_en": "steam bath\n\nhot room",
            "topic": "Well being",
            "verbatim": "on",
        }
        saved = await browser.post("/admin/knowledge/new", fields)
        heard = await asyncio.wait_for(anext(aiter(subscription)), 1)

    assert saved.headers["location"] == "/admin/knowledge/is-there-a-sauna?said=article_saved"
    assert heard == KnowledgeChanged()
    async with rt.store.read() as unit:
        [made] = await unit.articles.effective(rt.tenant_id)
        entries = await unit.audit.entries(rt.tenant_id)
    assert made.texts["en"].also_asked == ("steam bath", "hot room")
    assert made.texts["de"].answer == "Ja, im Keller."
    assert (made.topic, made.verbatim) == ("well-being", True)
    assert entries[0]["action"] == "knowledge.saved"


async def test_two_articles_with_the_same_question_get_different_names(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)

    for _ in range(2):
        await browser.post("/admin/knowledge/new", {"question_en": "New?", "answer_en": "Yes."})

    assert set(await effective(rt)) == {"new-2", "new-3"}


async def test_an_edit_over_a_colleagues_newer_one_is_kept_beside_it(rt: Runtime, signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)
    await browser.post("/admin/knowledge/new", {"question_en": "Spa?", "answer_en": "Upstairs."})
    old = await seen(browser, "spa")
    await browser.post("/admin/knowledge/spa/edit", {"question_en": "Spa?", "answer_en": "Downstairs.", **old})

    late = await browser.post("/admin/knowledge/spa/edit", {"question_en": "Spa?", "answer_en": "Outside.", **old})

    assert late.status_code == 409
    assert "A colleague changed this article" in late.text
    assert "Outside." in late.text
    assert "Downstairs." in late.text
    assert await effective(rt) == {"spa": "Downstairs."}


async def test_a_form_with_a_slip_comes_back_filled_in(signed_in: SignedIn) -> None:
    browser = await signed_in("Mona", Role.MANAGER)

    for slip, sentence in (
        ({}, "at least one language"),
        ({"question_en": "Only a question?"}, "both a question and an answer"),
        ({**OVERRIDE, "answer_en": "x" * 4001}, "at most 4000"),
        ({**OVERRIDE, "valid_from": "2026-05-02", "valid_to": "2026-05-01"}, "please swap them"),
        ({**OVERRIDE, "valid_from": "tomorrow"}, "year-month-day"),
        ({**OVERRIDE, "department": "dungeon"}, "choose the department"),
    ):
        answer = await browser.post("/admin/knowledge/new", slip)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert slip.get("question_en", "") in answer.text


async def test_an_agent_reads_but_does_not_edit(declare: Declare, article: Any, signed_in: SignedIn) -> None:
    await declare(article("breakfast", "When is breakfast?", "From 7:30."))
    browser = await signed_in("Anna")

    assert "Write your own version" not in (await browser.get("/admin/knowledge/breakfast")).text
    refused = await browser.get("/admin/knowledge/breakfast/edit")
    assert refused.status_code == 403
    assert "not part of your role" in refused.text
    assert (await browser.post("/admin/knowledge/breakfast/edit", OVERRIDE)).status_code == 403

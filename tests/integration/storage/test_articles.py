"""Knowledge: declared and staff's, and a version that tells when to read it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from concierge_core.domain.ids import StaffId
from concierge_core.domain.knowledge import ArticleText, Origin
from concierge_core.errors import Conflict


async def test_an_article_comes_back_as_stored(store, make):
    article = make.article(
        "breakfast",
        texts={"de": ArticleText("Wann?", "Um sieben.", ("Früh",)), "ar": ArticleText("متى", "السابعة")},
        topic="food",
        department="restaurant",
        verbatim=True,
        valid_from=date(2026, 5, 1),
        valid_to=date(2026, 9, 30),
        overridden_hash="old",
        origin=Origin.STAFF,
        updated_by=StaffId("mara"),
    )
    async with store.write() as unit:
        await unit.articles.save(make.tenant, article)
        assert await unit.articles.get(make.tenant, article.id) == article
        changed = replace(article, texts={"de": ArticleText("Wann?", "Um acht.")}, valid_to=None)
        await unit.articles.save(make.tenant, changed)
        assert await unit.articles.all(make.tenant) == [changed]


async def test_a_staff_article_takes_the_place_of_the_declared_one(store, make):
    declared, other = make.article("breakfast"), make.article("pool")
    override = make.article("breakfast", "At eight.", origin=Origin.STAFF, overridden_hash=declared.content_hash)
    async with store.write() as unit:
        await unit.articles.replace_declared(make.tenant, [declared, other])
        await unit.articles.save(make.tenant, override)
        assert await unit.articles.effective(make.tenant) == [override, other]
        assert len(await unit.articles.all(make.tenant)) == 3
        await unit.articles.delete(make.tenant, override.id)
        assert await unit.articles.effective(make.tenant) == [declared, other]


async def test_the_declared_articles_become_exactly_those_of_the_yaml(store, make):
    first, second, third = make.article("breakfast"), make.article("pool"), make.article("spa")
    own = make.article("gym", origin=Origin.STAFF)
    async with store.write() as unit:
        assert await unit.articles.replace_declared(make.tenant, [first, second]) == 2
        await unit.articles.save(make.tenant, own)
    changed = make.article("breakfast", "At eight.")
    async with store.write() as unit:
        assert await unit.articles.replace_declared(make.tenant, [changed, third]) == 3
    async with store.read() as unit:
        articles = {a.slug: a for a in await unit.articles.all(make.tenant)}
    assert articles == {"breakfast": replace(changed, id=first.id), "gym": own, "spa": third}
    async with store.write() as unit:
        assert await unit.articles.replace_declared(make.tenant, [make.article("breakfast", "At eight."), third]) == 0
        assert await unit.articles.replace_declared(make.tenant, []) == 2
        assert await unit.articles.all(make.tenant) == [own]


async def test_the_version_changes_with_every_change_and_with_nothing_else(store, make):
    article = make.article("breakfast")
    versions = []
    async with store.write() as unit:

        async def note():
            versions.append(await unit.articles.version(make.tenant))

        await note()
        await unit.articles.replace_declared(make.tenant, [article])
        await note()
        await unit.articles.save(make.tenant, make.article("pool", origin=Origin.STAFF))
        await note()
        await unit.articles.delete(make.tenant, article.id)
        await note()
        assert len(set(versions)) == 4
        await unit.articles.replace_declared(make.tenant, [])
        await unit.articles.delete(make.tenant, article.id)
        await note()
    assert versions[3] == versions[4]


async def test_two_articles_of_one_origin_cannot_share_a_slug(store, make):
    async with store.write() as unit:
        await unit.articles.save(make.tenant, make.article("breakfast"))
    with pytest.raises(Conflict):
        async with store.write() as unit:
            await unit.articles.save(make.tenant, make.article("breakfast"))

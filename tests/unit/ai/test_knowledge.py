"""The index follows the articles: at once while a house has none, else within half a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from concierge_ai.knowledge import CHECK_SECONDS, Knowledge
from concierge_core.domain.knowledge import Article
from concierge_core.errors import Unavailable
from concierge_core.ports import Store
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.testing import FrozenClock

from .houses import ARTICLES

BREAKFAST, *REST = ARTICLES


class _Articles:
    """A store with articles only; `away` as long as its database can't be reached."""

    def __init__(self) -> None:
        self.articles = self
        self.stored: Sequence[Article] = ()
        self.away = False
        self.asked = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[_Articles]:
        if self.away:
            raise Unavailable("database", "the database does not answer")
        yield self

    async def version(self, _tenant: str) -> str:
        self.asked += 1
        return ",".join(a.slug for a in self.stored)

    async def effective(self, _tenant: str) -> list[Article]:
        return list(self.stored)


@pytest.fixture
def articles() -> _Articles:
    return _Articles()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def knowledge(articles: _Articles, clock: FrozenClock) -> Knowledge:
    spec = SimpleNamespace(
        code="house",
        name="House",
        languages=["en"],
        default_language="en",
        local=lambda now: now,
    )
    tenant: Any = SimpleNamespace(spec=SimpleNamespace(property=spec))
    return Knowledge(cast(Store, articles), cast(ConciergeTenant, tenant), clock)


async def _finds(knowledge: Knowledge) -> list[str]:
    found = await knowledge.search("When is breakfast?", "en")
    return [h.passage.article_id for h in found.hits]


async def test_the_first_article_is_known_to_the_very_next_guest(articles: _Articles, knowledge: Knowledge) -> None:
    before = await _finds(knowledge)
    articles.stored = [BREAKFAST]
    assert (before, await _finds(knowledge)) == ([], [BREAKFAST.id])


async def test_a_house_that_knows_something_looks_for_changes_every_half_second(
    articles: _Articles, knowledge: Knowledge, clock: FrozenClock
) -> None:
    articles.stored = [BREAKFAST]
    await _finds(knowledge)
    for _ in range(20):
        await _finds(knowledge)
    asked = articles.asked
    articles.stored = REST
    clock.advance(CHECK_SECONDS)
    await _finds(knowledge)  # the old index answers meanwhile
    await knowledge.refresh()
    assert asked == 1
    assert BREAKFAST.id not in await _finds(knowledge)


async def test_without_the_database_the_last_index_answers(
    articles: _Articles, knowledge: Knowledge, clock: FrozenClock
) -> None:
    articles.stored = [BREAKFAST]
    await _finds(knowledge)
    articles.away = True
    clock.advance(CHECK_SECONDS)
    assert await _finds(knowledge) == [BREAKFAST.id]


async def test_without_the_database_from_the_beginning_nothing_is_found(
    articles: _Articles, knowledge: Knowledge
) -> None:
    articles.away = True
    assert await _finds(knowledge) == []

"""A small property's knowledge, for the tests beside this."""

from __future__ import annotations

from datetime import UTC, date, datetime

from concierge_ai.index import Index
from concierge_core.domain.ids import ArticleId
from concierge_core.domain.knowledge import Article, ArticleText, Origin


def article(
    slug: str,
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
    also_asked: tuple[str, ...] = (),
    **texts: tuple[str, str],
) -> Article:
    """An article with (question, answer) per language."""
    return Article(
        id=ArticleId(f"id-{slug}"),
        slug=slug,
        origin=Origin.DECLARED,
        texts={code: ArticleText(q, a, also_asked) for code, (q, a) in texts.items()},
        content_hash=slug,
        updated_at=datetime(2026, 5, 1, tzinfo=UTC),
        valid_from=valid_from,
        valid_to=valid_to,
    )


ARTICLES = [
    article(
        "breakfast-hours",
        en=("When is breakfast served?", "Breakfast is served from 7:00 to 10:30."),
        de=("Wann gibt es Frühstück?", "Frühstück gibt es von 7:00 bis 10:30 Uhr."),
    ),
    article("breakfast-price", en=("How much is breakfast?", "Breakfast costs €18.")),
    article("pool", en=("When is the pool open?", "The pool is open from 8 am to 9 pm.")),
    article("pets", en=("Can I bring my dog?", "Pets are not allowed in our house.")),
    article("parking", en=("Where can I park?", "In our garage, for €14 a night.")),
    article("wifi", en=("How do I get online?", "Choose the network Guest. It is free.")),
]


def index(*articles: Article, names: tuple[str, ...] = ()) -> Index:
    """An index of these, or of the articles above."""
    return Index(articles or ARTICLES, default_language="en", names=names)

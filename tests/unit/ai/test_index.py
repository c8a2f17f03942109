"""The right article is found, in six languages, and nothing is found where there is nothing."""

from __future__ import annotations

from datetime import date

import pytest

from concierge_ai import bands
from concierge_ai.bands import Band

from .houses import article, index


@pytest.mark.parametrize(
    ("question", "language", "slug"),
    [
        ("what time is breakfast", "en", "breakfast-hours"),
        ("how much does breakfast cost?", "en", "breakfast-price"),
        ("brekfast times?", "en", "breakfast-hours"),
        ("is there wi-fi", "en", "wifi"),
        ("swimming pool hours", "en", "pool"),
        ("may I bring my poodle", "en", "pets"),
        ("Wann gibt es Fruehstueck", "de", "breakfast-hours"),
        ("Wo kann ich parken?", "de", "parking"),
        ("Y a-t-il une piscine ?", "fr", "pool"),
        ("Puis-je venir avec mon chien ?", "fr", "pets"),
        ("¿Hay aparcamiento?", "es", "parking"),
        ("¿Tienen internet?", "es", "wifi"),
        ("C'è la piscina?", "it", "pool"),
        ("هل يوجد مسبح؟", "ar", "pool"),
        ("هل يمكنني إحضار كلبي؟", "ar", "pets"),
    ],
)
def test_the_right_article_comes_first(question: str, language: str, slug: str) -> None:
    assert index().search(question, language).hits[0].passage.slug == slug


@pytest.mark.parametrize("question", ["how is glue made", "what is the capital of peru", "asdf", "", "🙂", "?!"])
def test_another_world_is_not_answered(question: str) -> None:
    found = index().search(question, "en")
    assert bands.band(bands.told(found.confidence), ask_from=0.35) is not Band.ANSWER


def test_what_a_guest_is_given_is_in_their_language_where_it_exists() -> None:
    [best, *_] = index().search("Wann gibt es Frühstück?", "de").hits
    assert best.translated.language == "de"
    [best, *_] = index().search("Wann ist der Pool offen?", "de").hits
    assert best.translated.language == "en"


def test_an_article_answers_only_while_it_is_valid() -> None:
    summer = article(
        "ice", en=("Is there an ice bar?", "Every evening."), valid_from=date(2026, 6, 1), valid_to=date(2026, 8, 31)
    )
    known = index(summer)
    assert known.search("Is there an ice bar?", "en", today=date(2026, 7, 1)).hits
    assert known.search("Is there an ice bar?", "en", today=date(2026, 8, 31)).hits
    assert not known.search("Is there an ice bar?", "en", today=date(2026, 9, 1)).hits


def test_the_houses_own_name_is_no_word_of_a_question() -> None:
    known = index(
        article("shop", en=("Does Beach Palace have a shop?", "Beach Palace has a small shop.")),
        article("lift", en=("Is there a lift?", "Yes, to all floors.")),
        names=("Beach Palace",),
    )
    assert known.search("Does Beach Palace have a lift?", "en").hits[0].passage.slug == "lift"


def test_an_empty_house_finds_nothing() -> None:
    assert index(article("a", en=("x", "y"))).search("When is breakfast?", "en").confidence < 0.5


def test_a_long_story_is_searched_by_its_end() -> None:
    story = "My aunt told me about a dog she once met near a pool. " * 20
    assert index().search(f"{story} When is breakfast served?", "en").hits[0].passage.slug == "breakfast-hours"


def test_what_charges_a_car_neither_charges_a_telephone_nor_parks() -> None:
    known = index(
        article("parking", en=("Where can I park?", "At the gate, for €14 a night.")),
        article("ev", en=("Can I charge my electric car in the car park?", "Yes, ten chargers; it costs €9.")),
    )
    assert known.search("Quanto costa il parcheggio?", "en", spoken="it").hits[0].passage.slug == "parking"
    assert known.search("I have an electric car, where can I charge it?", "en").hits[0].passage.slug == "ev"
    assert bands.told(known.search("Do you have a charger for my phone?", "en").confidence) < bands.ANSWER_FROM

"""Several questions in one message, and questions that lean on the one before."""

from __future__ import annotations

import pytest

from concierge_ai.questions import leans, parts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When is breakfast and how much is parking?", "en"),
        ("When is breakfast? How much is parking?", "en"),
        ("can we have dinner on the beach and is there a babysitter?", "en"),
        ("When is breakfast and is there a helipad?", "en"),
        ("Gibt es Frühstück und habt ihr einen Parkplatz?", "de"),
        ("Quand est le petit-déjeuner et combien coûte le parking ?", "fr"),
        ("¿A qué hora es el desayuno y cuánto cuesta el parking?", "es"),
        ("A che ora è la colazione e quanto costa il parcheggio?", "it"),
        ("متى الفطور وكم سعر موقف السيارات؟", "ar"),
    ],
)
def test_two_questions_are_two(text: str, language: str) -> None:
    assert len(parts(text, language)) == 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When is breakfast?", "en"),
        ("Can I rent a bike and what does it cost?", "en"),
        ("do you do airport pick up and how much is it", "en"),
        ("Hello, I'm John. My wife and I arrive at 2 am on Friday, can we check in then?", "en"),
        ("Kann ich Fahrräder leihen und was kostet das?", "de"),
        ("Wo ist der Pool und ab wann hat er offen?", "de"),
        ("Puis-je venir avec mon chien et combien ça coûte ?", "fr"),
        ("¿Puedo llevar a mi perro y cuánto cuesta?", "es"),
        ("Posso portare il cane e quanto costa?", "it"),
        ("A story. " * 100, "en"),
    ],
)
def test_what_only_adds_to_a_question_is_no_second_one(text: str, language: str) -> None:
    assert len(parts(text, language)) <= 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("and when?", "en"),
        ("how much is it?", "en"),
        ("how deep is it?", "en"),
        ("and on Sundays?", "en"),
        ("und später?", "de"),
        ("und wie weit ist das weg?", "de"),
        ("wie teuer?", "de"),
        ("c'est loin ?", "fr"),
        ("combien?", "fr"),
        ("¿y cuánto cuesta?", "es"),
        ("e quanto costa?", "it"),
        ("وكم سعره؟", "ar"),
    ],
)
def test_a_follow_up_leans_on_the_question_before(text: str, language: str) -> None:
    assert leans(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Is the sauna open?", "en"),
        ("and the parking?", "en"),
        ("and is there a helipad?", "en"),
        ("can I bring a kite", "en"),
        ("Gibt es einen Hubschrauberlandeplatz?", "de"),
        ("et une plage ?", "fr"),
        ("¿y gimnasio?", "es"),
        ("thanks", "en"),
    ],
)
def test_a_question_of_its_own_does_not(text: str, language: str) -> None:
    assert not leans(text, language)

"""A model's sentence passes only if the passages bear it."""

from __future__ import annotations

import pytest

from concierge_ai.grounding import Evidence

from .houses import index


def evidence(question: str, language: str = "en") -> Evidence:
    found = index().search(question, language)
    return Evidence([h.translated for h in found.hits], ["Telephone: +49 30 23125 040", "Check-in from 15:00"])


@pytest.mark.parametrize(
    ("question", "sentence", "language"),
    [
        ("When is breakfast?", "Breakfast is served from 7 to 10:30 am.", "en"),
        ("When is breakfast?", "Check-in is from 3 pm.", "en"),
        ("When is breakfast?", "Good morning!", "en"),
        ("Is breakfast free?", "No, it costs 18 euros.", "en"),
        ("Can I bring my dog?", "No, pets are not allowed.", "en"),
        ("Can I bring my dog?", "No.", "en"),
        ("Kann ich meinen Hund mitbringen?", "Nein, Haustiere sind leider nicht erlaubt.", "de"),
        ("Is there a pool?", "Yes, we have a pool.", "en"),
        ("Gibt es einen Pool?", "Ja, von 8 bis 21 Uhr.", "de"),
        ("¿Puedo llevar a mi perro?", "No se admiten mascotas.", "es"),
        ("Do you have a sauna?", "I'm afraid I have no information about a sauna.", "en"),
        ("Do you have a sauna?", "Shall I ask a colleague about the sauna?", "en"),
    ],
)
def test_what_the_house_says_may_be_said(question: str, sentence: str, language: str) -> None:
    assert evidence(question, language).supports(sentence, question=question, language=language)


@pytest.mark.parametrize(
    ("question", "sentence", "language"),
    [
        ("When is breakfast?", "Breakfast is served from 6:30.", "en"),
        ("How much is breakfast?", "Breakfast costs $18.", "en"),
        ("Can I bring my dog?", "Yes, pets are allowed.", "en"),
        ("Can I bring my dog?", "Yes!", "en"),
        ("Kann ich meinen Hund mitbringen?", "Ja, Hunde sind willkommen.", "de"),
        ("Is there a pool?", "No, we do not have a pool.", "en"),
        ("Do you have a sauna?", "Yes, we have a sauna.", "en"),
        ("Do you have a sauna?", "The sauna is on the roof.", "en"),
        ("Towels please", "I have sent the towels to your room.", "en"),
        ("Handtücher bitte", "Ich habe die Handtücher bestellt.", "de"),
        ("هل يوجد ساونا؟", "نعم، لدينا ساونا.", "ar"),
    ],
)
def test_what_nobody_wrote_down_may_not_be_said(question: str, sentence: str, language: str) -> None:
    assert not evidence(question, language).supports(sentence, question=question, language=language)


def test_a_tools_result_is_evidence_too() -> None:
    known = evidence("Towels please")
    claim = "I have passed this on as request 41."
    assert not known.supports(claim, question="Towels please", language="en")
    known.add('{"ok": true, "number": 41}')
    known.acted = True
    assert known.supports(claim, question="Towels please", language="en")


def test_the_passages_that_a_reply_rests_on_are_its_sources() -> None:
    found = index().search("How much is breakfast and parking?", "en")
    passages = [h.translated for h in found.hits]
    known = Evidence(passages)
    assert known.supports("Breakfast costs €18.", question="", language="en")
    assert [p.slug for p in known.cited(passages)] == ["breakfast-price"]

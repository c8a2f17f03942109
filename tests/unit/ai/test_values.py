"""Values are compared by what they say, not by how they are written."""

from __future__ import annotations

import pytest

from concierge_ai.values import supported, values


def bears(evidence: str, claim: str) -> bool:
    said = values(evidence)
    return all(supported(v, said) for v in values(claim))


@pytest.mark.parametrize(
    ("evidence", "claim"),
    [
        ("Check-in ab 15 Uhr.", "Check-in is from 3 pm."),
        ("Check-in ab 15 Uhr.", "Check-in is from 15:00."),
        ("Check-in is from 3 p.m.", "Ab 15 Uhr."),
        ("à partir de 15h00", "from 3 pm"),
        ("a las 15 horas", "at 15:00"),
        ("الساعة 3 مساءً", "at 15:00"),
        ("الساعة ٣ مساءً", "3 pm"),
        ("from 7 to 10:30", "from 7:00 to 10:30"),
        ("from 7 to 10 pm", "from 19:00 to 22:00"),
        ("7.30 Uhr", "7:30 am"),
        ("until noon", "until 12:00"),
        ("bis Mitternacht", "until 00:00"),
        ("It costs €18.", "Es kostet 18 EUR."),
        ("18,00 Euro", "€18"),
        ("1.200 €", "€1,200"),
        ("OMR 14", "14 rials"),
        ("15 percent", "15 %"),
        ("15 Prozent", "15%"),
        ("two pools", "zwei Pools"),
        ("40 spaces", "40 Plätze"),
        ("call +49 30 23125 040", "+49 3023125040"),
        ("Monday to Friday from 7:00 to 10:30, 24 € per person", "Breakfast is 24 euros, from 7 am."),
        ("Hello", "no values at all"),
    ],
)
def test_the_same_value_is_recognised(evidence: str, claim: str) -> None:
    assert bears(evidence, claim)


@pytest.mark.parametrize(
    ("evidence", "claim"),
    [
        ("from 7 to 10 pm", "from 7 am"),
        ("15:00", "4 pm"),
        ("€18", "€19"),
        ("€18", "$18"),
        ("18 rooms", "€18"),
        ("15 %", "20 %"),
        ("two pools", "three pools"),
        ("until 10:30", "until 10:45"),
        ("open daily", "open until 9 pm"),
        ("call +49 30 23125 040", "call +49 30 23125 041"),
        ("600 m away", "60 m away"),
    ],
)
def test_a_different_value_is_not_borne(evidence: str, claim: str) -> None:
    assert not bears(evidence, claim)

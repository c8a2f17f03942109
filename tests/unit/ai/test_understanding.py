"""What is understood of a message before any model is asked."""

from __future__ import annotations

import pytest

from concierge_ai import phrases
from concierge_ai.routing import Intent
from concierge_ai.understanding import failed_streak, read, topic_before, unhappy_streak
from concierge_core import texts
from concierge_core.ai_wire import PastMessage

HOUSE = ["en", "de"]


def said(*turns: tuple[str, str]) -> list[PastMessage]:
    return [PastMessage.model_validate({"author": author, "text": text}) for author, text in turns]


def test_intent_mood_language_and_urgency_are_told_at_once() -> None:
    told = read(["Das ist unverschämt, niemand kommt!"], [], languages=HOUSE, current="en").told()
    assert (told.intent, told.sentiment, told.language, told.urgency) == ("complaint", "negative", "de", "high")


def test_several_messages_are_one_question() -> None:
    reading = read(["Hello", "When is breakfast?"], [], languages=HOUSE, current="en")
    assert reading.text == "Hello\nWhen is breakfast?"
    assert reading.route.intent is Intent.FAQ


def test_a_guest_in_a_language_the_house_does_not_answer_in_is_answered_in_english() -> None:
    reading = read(["¿A qué hora es el desayuno mañana?"], [], languages=["de", "en"], current="de")
    assert (reading.spoken, reading.language) == ("es", "en")


def test_a_room_number_completes_the_request_before() -> None:
    history = said(("guest", "Two towels please"), ("concierge", phrases.phrase("ask_room", "en")))
    reading = read(["304"], history, languages=HOUSE, current="en")
    assert reading.route.kind == "towels"
    assert reading.text == "Two towels please\n304"


@pytest.mark.parametrize(
    "text",
    ["When is breakfast?", "Gibt es einen Arzt?", "Y a-t-il une piscine ?", "do you have a doctor", "هل يوجد مسبح؟"],
)
def test_a_question_does_not_stand_for_the_room_that_was_asked_for(text: str) -> None:
    history = said(("guest", "Two towels please"), ("concierge", phrases.phrase("ask_room", "en")))
    reading = read([text], history, languages=["en", "de", "fr", "ar"], current="en")
    assert reading.text == text
    assert reading.asks_room_again


@pytest.mark.parametrize("text", ["I don't know", "not yet", "later please", "noch keins"])
def test_a_guest_without_a_room_yet_completes_the_request_all_the_same(text: str) -> None:
    history = said(("guest", "Two towels please"), ("concierge", phrases.phrase("ask_room", "en")))
    reading = read([text], history, languages=HOUSE, current="en")
    assert reading.route.kind == "towels"


def test_replies_that_did_not_answer_are_counted_to_the_last_that_did() -> None:
    unknown = texts.text("no_answer", "de")
    asked = phrases.phrase("ask_back", "en")
    history = said(
        ("concierge", unknown), ("concierge", "Breakfast is at 7."), ("concierge", asked), ("concierge", unknown)
    )
    assert failed_streak(history) == 2


def test_unhappy_messages_are_counted_in_a_row() -> None:
    history = said(("guest", "The room is dirty"), ("concierge", "I am sorry."))
    reading = read(["The food was terrible too"], history, languages=HOUSE, current="en")
    assert unhappy_streak(reading, history) == 2
    assert unhappy_streak(read(["When is breakfast?"], history, languages=HOUSE, current="en"), history) == 0


def test_a_yes_to_our_offer_calls_a_person() -> None:
    for code, yes in (("en", "yes please"), ("de", "ja gern")):
        history = said(("guest", "Is there a helipad?"), ("concierge", texts.text("no_answer", code)))
        assert read([yes], history, languages=HOUSE, current=code).route.intent is Intent.PERSON
    history = said(("guest", "When is breakfast?"), ("concierge", "From seven."))
    assert read(["yes"], history, languages=HOUSE, current="en").route.intent is not Intent.PERSON


def test_a_room_told_after_an_article_answered_a_wish_makes_it_a_request() -> None:
    history = said(("guest", "Können wir noch Kissen haben?"), ("concierge", "Sie haben die Wahl."))
    reading = read(["Zimmer 23"], history, languages=HOUSE, current="de")
    assert (reading.route.kind, reading.route.weak) == ("bedding", False)


def test_the_topic_before_is_the_last_that_was_named() -> None:
    history = said(
        ("guest", "Where can I park?"), ("concierge", "Here."), ("guest", "and how much?"), ("concierge", "€14.")
    )
    assert topic_before(history, "en") == "Where can I park?"
    assert topic_before([], "en") is None

"""What a class says of its rollout."""

from __future__ import annotations

from datetime import UTC, datetime

from concierge_operator.classes import sentence_of
from concierge_operator.rollout import Decision, Member, Progress, Verdict
from concierge_operator.status_model import ClassStatus

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
STATUS = ClassStatus(version="1.3.0", tenants=9, updated=2)


def _members(count: int) -> list[Member]:
    return [Member(f"h{n}/h{n}", {}, "1.3.0", NOW, ready=False) for n in range(count)]


def test_the_hotels_that_change_now_are_named() -> None:
    told = sentence_of(Decision(Verdict.PROGRESSING, Progress()), STATUS, _members(2))
    assert told == "2 of 9 hotels run 1.3.0; changing now: h0/h0, h1/h1."


def test_of_many_that_change_now_some_are_named_and_the_others_counted() -> None:
    told = sentence_of(Decision(Verdict.PROGRESSING, Progress()), STATUS, _members(5))
    assert told.endswith("changing now: h0/h0, h1/h1, h2/h2 and 2 more.")


def test_a_pause_says_when_it_ends() -> None:
    told = sentence_of(Decision(Verdict.SOAKING, Progress(), look_again_at=NOW), STATUS, [])
    assert told == "2 of 9 hotels run 1.3.0. The next wave begins at 2026-05-03T12:00:00Z."


def test_a_rollout_that_stopped_names_the_hotel_and_how_to_look_at_it() -> None:
    told = sentence_of(Decision(Verdict.STOPPED, Progress(), stopped_by="sea/strandhaus"), STATUS, [])
    assert told.endswith("See: kubectl describe ct -n sea strandhaus")


def test_a_class_that_nobody_follows_says_so() -> None:
    told = sentence_of(Decision(Verdict.COMPLETE, Progress()), ClassStatus(version="1.3.0"), [])
    assert told == "No hotel follows this class yet; those that do begin with 1.3.0."

"""Which transitions of conditions people are told as Events, and how loudly."""

from __future__ import annotations

import pytest

from concierge_operator.status_model import Condition
from concierge_operator.telling import Told, worth_telling


def _condition(kind: str, holds: bool, reason: str, message: str = "Why.", generation: int = 1) -> Condition:
    return Condition(
        type=kind,
        status="True" if holds else "False",
        observed_generation=generation,
        last_transition_time="2026-05-03T09:00:00Z",
        reason=reason,
        message=message,
    )


READY = _condition("Ready", True, "Ready", "Guests are answered.")
AT_EASE = _condition("Stalled", False, "NothingInTheWay", "")


def test_what_is_the_same_in_two_conditions_is_told_once() -> None:
    kinds = ("Ready", "Stalled")
    now = [_condition(kind, kind == "Stalled", "SecretMissing", "Make it.", generation=2) for kind in kinds]

    assert worth_telling([READY, AT_EASE], now) == [Told("SecretMissing", "Make it.", good=False)]


@pytest.mark.parametrize("reason", ["NotAppliedYet", "NotObservedYet", "RollingOut", "JobRunning", "Progressing"])
def test_a_change_on_its_way_is_no_warning(reason: str) -> None:
    (told,) = worth_telling([READY, AT_EASE], [_condition("Ready", False, reason), AT_EASE])

    assert told.good


def test_what_somebody_asked_for_is_no_warning_while_pods_start() -> None:
    (told,) = worth_telling([READY], [_condition("Ready", False, "PodsNotReady", generation=2)])

    assert told.good


def test_pods_that_are_lost_without_a_change_are_a_warning() -> None:
    (told,) = worth_telling([READY], [_condition("Ready", False, "PodsNotReady")])

    assert not told.good


def test_a_house_that_opens_again_is_good_news() -> None:
    closed, opened = _condition("Suspended", True, "AsAsked"), _condition("Suspended", False, "Open")

    (told,) = worth_telling([closed], [opened])

    assert told.good


def test_what_was_so_before_is_not_told_again() -> None:
    assert worth_telling([READY, AT_EASE], [READY, AT_EASE]) == []

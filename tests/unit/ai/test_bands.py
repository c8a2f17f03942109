"""Three bands, on a scale that does not move with the training."""

from __future__ import annotations

import pytest

from concierge_ai.bands import ANSWER_FROM, Band, band, told


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, Band.UNKNOWN), (0.1, Band.UNKNOWN), (0.2, Band.ASK), (0.39, Band.ASK), (0.9, Band.ANSWER)],
)
def test_a_probability_has_its_band(probability: float, expected: Band) -> None:
    assert band(told(probability), ask_from=0.35) is expected


def test_a_house_that_wants_more_certainty_asks_back_less_and_answers_less() -> None:
    assert band(0.7, ask_from=0.35) is Band.ANSWER
    assert band(0.7, ask_from=0.8) is Band.UNKNOWN
    assert band(0.5, ask_from=0.1) is Band.ASK


def test_told_confidence_rises_with_the_probability_and_stays_in_its_range() -> None:
    scale = [told(p / 100) for p in range(-10, 111)]
    assert scale == sorted(scale)
    assert (scale[0], scale[-1]) == (0.0, 1.0)
    assert told(0.4) == pytest.approx(ANSWER_FROM)

"""The circuit breaker and the retry budget."""

from __future__ import annotations

from concierge_ai.breaker import FAILURES_TO_OPEN, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Breaker, RetryBudget


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker = breaker.failed(now)
    return breaker


def test_a_few_failures_change_nothing_and_a_success_forgets_them() -> None:
    breaker = Breaker().failed(0).failed(0)
    assert breaker.allows(0)
    assert breaker.succeeded() == Breaker()


def test_a_row_of_failures_opens_it_for_a_pause() -> None:
    breaker = opened()
    assert not breaker.allows(FIRST_PAUSE_SECONDS - 0.1)
    assert breaker.allows(FIRST_PAUSE_SECONDS)


def test_after_the_pause_only_one_call_tries() -> None:
    trying = opened().started(FIRST_PAUSE_SECONDS, at_most=5)
    assert not trying.allows(FIRST_PAUSE_SECONDS + 1)
    assert trying.allows(FIRST_PAUSE_SECONDS + 5), "a trial that never came back does not block for ever"
    assert trying.released().allows(FIRST_PAUSE_SECONDS + 1)


def test_a_failed_trial_doubles_the_pause_up_to_a_limit() -> None:
    breaker, now = opened(), 0.0
    pauses = []
    for _ in range(8):
        assert breaker.open_until is not None
        now = breaker.open_until
        breaker = breaker.started(now, at_most=1).failed(now)
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
    assert pauses[:2] == [2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_a_good_trial_closes_it() -> None:
    assert opened().started(20, at_most=1).succeeded().allows(20)


def test_second_tries_are_a_share_of_first_ones() -> None:
    budget: RetryBudget | None = RetryBudget()
    for _ in range(3):
        assert budget is not None
        budget = budget.spent()
    assert budget is not None
    assert budget.spent() is None
    for _ in range(5):
        budget = budget.called()
    assert budget.spent() is not None

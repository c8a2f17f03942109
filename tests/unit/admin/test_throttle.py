from hypothesis import given
from hypothesis import strategies as st

from concierge_admin.throttle import PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, kept, wait_seconds

RULE = PER_ACCOUNT_AND_ADDRESS


def test_a_few_slips_cost_nothing() -> None:
    assert wait_seconds(RULE, [1.0, 2.0, 3.0, 4.0], now=4.0) == 0


def test_each_further_failure_doubles_the_wait() -> None:
    waits = [wait_seconds(RULE, [100.0] * n, now=100.0) for n in range(5, 9)]

    assert waits == [5, 10, 20, 40]


def test_the_wait_runs_from_the_last_failure() -> None:
    assert wait_seconds(RULE, [100.0] * 5, now=103.0) == 2
    assert wait_seconds(RULE, [100.0] * 5, now=105.0) == 0


def test_a_stranger_can_hold_an_account_up_for_a_minute_at_most() -> None:
    assert wait_seconds(PER_ACCOUNT, [100.0] * 1000, now=100.0) == 60


def test_failures_are_forgotten_after_the_window() -> None:
    assert wait_seconds(RULE, [0.0] * 50, now=RULE.window_seconds + 1) == 0
    assert kept(RULE, [0.0] * 50, now=RULE.window_seconds + 1) == []


def test_a_clock_set_back_does_not_lock_anybody_out() -> None:
    assert wait_seconds(RULE, [10_000.0] * 50, now=100.0) == 0


@given(st.lists(st.floats(0, 1e6), max_size=80), st.floats(0, 1e6))
def test_what_is_kept_gives_the_same_wait(failures: list[float], now: float) -> None:
    assert wait_seconds(RULE, kept(RULE, failures, now), now) == wait_seconds(RULE, failures, now)
    assert 0 <= wait_seconds(RULE, failures, now) <= RULE.longest_wait_seconds

from __future__ import annotations

import pytest

from concierge_cli.surfacing import QUIET_SECONDS, Surfaced


def test_a_reason_of_ours_is_said_with_it():
    line = '{"level": "error", "event": "task_keeps_failing", "reason": "the mail server refuses the login (535)"}'

    assert Surfaced().worth_saying(line) == "task_keeps_failing (the mail server refuses the login (535))"


def test_an_error_is_worth_saying_once_in_a_while():
    now = [0.0]
    surfaced = Surfaced(now=lambda: now[0])
    line = '{"event": "storage_full", "level": "error"}'

    first, second = surfaced.worth_saying(line), surfaced.worth_saying(line)
    now[0] += QUIET_SECONDS
    third = surfaced.worth_saying(line)

    assert (first, second, third) == ("storage_full", None, "storage_full")


def test_one_error_does_not_hide_another():
    surfaced = Surfaced(now=lambda: 0.0)
    surfaced.worth_saying('{"event": "storage_full", "level": "error"}')

    assert surfaced.worth_saying('{"event": "relay_failed", "level": "critical"}') == "relay_failed"


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "worker_ready", "level": "info"}',
        '{"event": "broker_away", "level": "warning"}',
        '{"event": "cut off in the midd',
        "{}",
        "a line of somebody else's",
        "",
    ],
)
def test_everything_else_stays_in_the_log(line: str):
    assert Surfaced(now=lambda: 0.0).worth_saying(line) is None


def test_many_kinds_of_errors_do_not_grow_the_memory():
    surfaced = Surfaced(now=lambda: 0.0)

    for number in range(1000):
        surfaced.worth_saying(f'{{"event": "error {number}", "level": "error"}}')

    assert len(surfaced._said) <= 200

from __future__ import annotations

from concierge_cli.restarts import FIRST_SECONDS, HEALTHY_AFTER_SECONDS, LONGEST_SECONDS, Restarts


def exact() -> Restarts:
    return Restarts(jitter=lambda: 1.0)


def test_each_death_in_a_row_doubles_the_pause():
    restarts = exact()

    pauses = [restarts.pause_after(1) for _ in range(4)]

    assert pauses == [FIRST_SECONDS, FIRST_SECONDS * 2, FIRST_SECONDS * 4, FIRST_SECONDS * 8]


def test_the_pause_has_an_end():
    restarts = exact()

    assert [restarts.pause_after(0) for _ in range(3000)][-1] == LONGEST_SECONDS


def test_a_part_that_lived_long_is_started_again_quickly():
    restarts = exact()
    for _ in range(8):
        restarts.pause_after(0)

    assert restarts.pause_after(HEALTHY_AFTER_SECONDS) == FIRST_SECONDS


def test_pauses_are_spread_so_that_parts_do_not_come_back_in_step():
    pauses = {Restarts().pause_after(0) for _ in range(20)}

    assert len(pauses) > 1
    assert all(FIRST_SECONDS * 0.75 <= pause <= FIRST_SECONDS * 1.25 for pause in pauses)

"""Who leads: never two at once, whatever the clocks say, and somebody soon after the leader has died."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_operator.lease import Hold, Terms, given_back, lease

TERMS = Terms()
START = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass
class Server:
    """The one Lease, with the API server's own way of letting only one writer win."""

    live: dict[str, Any] | None = None
    version: int = 0

    def put(self, wanted: dict[str, Any], seen: dict[str, Any] | None) -> bool:
        if (self.live or {}).get("metadata", {}).get("resourceVersion") != (seen or {}).get("metadata", {}).get(
            "resourceVersion"
        ):
            return False
        self.version += 1
        self.live = {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": str(self.version)}}
        return True


@dataclass
class Candidate:
    """One operator. Its own clock began elsewhere, runs `drift` too fast, and its calendar is wrong by `calendar`."""

    name: str
    offset: float
    drift: float
    calendar: float
    hold: Hold = field(init=False)

    def __post_init__(self) -> None:
        self.hold = Hold(self.name, TERMS)

    def now(self, moment: float) -> float:
        return self.offset + moment * (1 + self.drift)

    def tries(self, server: Server, moment: float) -> None:
        now, seen = self.now(moment), server.live
        if not self.hold.may_take(seen, now):
            self.hold.lost()
            return
        wanted = lease("lease", "system", seen, self.hold, START + timedelta(seconds=moment + self.calendar))
        if server.put(wanted, seen):
            self.hold.renewed(now)

    def leads(self, moment: float) -> bool:
        return self.hold.leads(self.now(moment))


clocks = st.tuples(st.floats(-1e6, 1e6), st.floats(-0.1, 0.1), st.floats(-1e5, 1e5))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(clocks, min_size=2, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.01, 15)), min_size=1, max_size=60),
)
def test_never_do_two_lead_with_clocks_that_differ_by_a_tenth_in_speed_and_by_anything_in_hour(
    drawn: list[tuple[float, float, float]], tries: list[tuple[int, float]]
) -> None:
    server = Server()
    operators = [Candidate(f"operator-{number}", *clock) for number, clock in enumerate(drawn)]
    moment = 0.0
    for who, pause in tries:
        moment += pause
        operators[who % len(operators)].tries(server, moment)

        for later in (0.0, 1.0, 3.0, 6.9, 8.0):
            assert sum(one.leads(moment + later) for one in operators) <= 1


def test_a_standby_follows_a_dead_leader_after_the_length_of_its_lease() -> None:
    server, dead = Server(), Candidate("dead", 0, 0, 0)
    standby = Candidate("standby", 500, 0, 0)
    dead.tries(server, 0)

    moment = 0.0
    while not standby.leads(moment):
        moment += TERMS.retry_seconds
        standby.tries(server, moment)

    assert TERMS.lease_seconds <= moment <= TERMS.lease_seconds + 2 * TERMS.retry_seconds


def test_a_lease_that_was_given_back_is_taken_at_once() -> None:
    server, first, second = Server(), Candidate("first", 0, 0, 0), Candidate("second", 0, 0, 0)
    first.tries(server, 0)
    second.tries(server, 1)
    assert server.live is not None

    server.live = given_back(server.live)
    second.tries(server, 2)

    assert second.leads(2)
    assert server.live["spec"]["leaseTransitions"] == 1


def test_a_leader_stops_before_its_lease_can_be_taken() -> None:
    hold = Hold("one", TERMS)
    hold.renewed(100.0)

    assert hold.leads(106.9)
    assert not hold.leads(107.0)


def test_a_holder_that_was_replaced_leads_no_more_when_it_looks() -> None:
    server, first, second = Server(), Candidate("first", 0, 0, 0), Candidate("second", 0, 0, 0)
    first.tries(server, 0)
    second.tries(server, 1)
    second.tries(server, 12)

    first.tries(server, 12.5)

    assert second.leads(12.5)
    assert not first.leads(12.5)

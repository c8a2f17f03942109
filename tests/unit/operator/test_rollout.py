"""A version reaches hundreds of hotels in the order and at the pace that the class says, and stops when one fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_core.tenant.brand import Rollout
from concierge_operator.rollout import Decision, Member, Progress, Verdict, decide

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Fleet:
    """Hotels that become Ready when the test says so."""

    policy: Rollout
    members: dict[str, Member]
    now: datetime = NOON
    progress: Progress = field(default_factory=Progress)

    def look(self, version: str = "2") -> Decision:
        """One look, carried out."""
        decision = decide(list(self.members.values()), self.policy, version, self.progress, self.now)
        self.progress = decision.progress
        for name in decision.assign:
            self.members[name] = replace(
                self.members[name], assigned=version, assigned_at=self.now, ready=False, arrived=False
            )
        return decision

    def ready(self, *names: str) -> None:
        """These have become Ready."""
        for name in names:
            self.members[name] = replace(self.members[name], ready=True, arrived=True)

    def unready(self, *names: str) -> None:
        """These were, and are not any more."""
        for name in names:
            self.members[name] = replace(self.members[name], ready=False, unready_since=self.now)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def changing(self, version: str = "2") -> list[str]:
        return [m.name for m in self.members.values() if m.assigned == version and not m.ready]


def fleet(size: int = 10, *, canaries: int = 1, **policy: Any) -> Fleet:
    """Hotels on version 1, the first ones marked as canaries."""
    names = [f"hotel-{number:03}/hotel" for number in range(size)]
    marks = [{"concierge.hotel/channel": "canary"} if number < canaries else {} for number in range(size)]
    members = {n: Member(n, mark, "1", NOON, ready=True, arrived=True) for n, mark in zip(names, marks, strict=True)}
    values = {"canary": {"matchLabels": {"concierge.hotel/channel": "canary"}}, "waves": [50, 100], **policy}
    return Fleet(Rollout.model_validate(values), members)


def test_the_canary_goes_first_and_alone() -> None:
    hotels = fleet()

    assert hotels.look().assign == ("hotel-000/hotel",)
    assert hotels.look().assign == ()


def test_nobody_follows_before_the_canary_is_ready_and_has_soaked() -> None:
    hotels = fleet(soakSeconds=300)
    hotels.look()
    hotels.ready("hotel-000/hotel")

    soaking = hotels.look()
    hotels.later(299)
    still = hotels.look()
    hotels.later(1)
    after = hotels.look()

    assert (soaking.verdict, still.verdict) == (Verdict.SOAKING, Verdict.SOAKING)
    assert soaking.look_again_at == NOON + timedelta(seconds=300)
    assert len(after.assign) == 4, "half of ten, the canary among them"


def test_a_hotel_that_is_not_ready_in_time_stops_the_rollout_and_is_named() -> None:
    hotels = fleet(readyWithinSeconds=600)
    hotels.look()
    hotels.later(600)

    stopped = hotels.look()

    assert (stopped.verdict, stopped.stopped_by, stopped.assign) == (Verdict.STOPPED, "hotel-000/hotel", ())


def test_a_stopped_rollout_goes_on_once_the_hotel_is_mended() -> None:
    hotels = fleet(readyWithinSeconds=600, soakSeconds=0)
    hotels.look()
    hotels.later(900)
    assert hotels.look().verdict is Verdict.STOPPED

    hotels.ready("hotel-000/hotel")

    assert hotels.look().verdict is Verdict.PROGRESSING


def test_what_befalls_a_hotel_after_it_arrived_is_not_the_rollouts() -> None:
    hotels = fleet(1, readyWithinSeconds=600)
    hotels.look()
    hotels.ready("hotel-000/hotel")
    for _ in range(3):
        hotels.later(300)
        done = hotels.look()
    hotels.unready("hotel-000/hotel")
    hotels.later(30 * 86400)

    assert (done.verdict, hotels.look().verdict) == (Verdict.COMPLETE, Verdict.COMPLETE)


def test_a_hotel_whose_node_is_drained_is_waited_for_and_nobody_changes_meanwhile() -> None:
    hotels = fleet(readyWithinSeconds=600, soakSeconds=60, maxConcurrent=5)
    hotels.look()
    hotels.ready("hotel-000/hotel")
    hotels.later(3600)
    hotels.unready("hotel-000/hotel")
    hotels.later(599)
    held = hotels.look()
    hotels.ready("hotel-000/hotel")
    hotels.look()
    hotels.later(60)

    assert (held.verdict, held.assign) == (Verdict.PROGRESSING, ())
    assert len(hotels.look().assign) == 4


def test_a_canary_that_breaks_while_it_soaks_stops_the_rollout() -> None:
    hotels = fleet(readyWithinSeconds=600, soakSeconds=3600)
    hotels.look()
    hotels.ready("hotel-000/hotel")
    hotels.look()
    hotels.later(60)
    hotels.unready("hotel-000/hotel")
    hotels.later(600)
    stopped = hotels.look()

    assert (stopped.verdict, stopped.stopped_by, stopped.assign) == (Verdict.STOPPED, "hotel-000/hotel", ())


def test_paused_means_that_nobody_else_changes() -> None:
    hotels = fleet(paused=True)

    decision = hotels.look()

    assert (decision.verdict, decision.assign) == (Verdict.PAUSED, ())


def test_going_back_to_the_earlier_version_changes_only_those_that_had_left_it() -> None:
    hotels = fleet(soakSeconds=0)
    hotels.look("2")
    hotels.ready("hotel-000/hotel")
    changed = {"hotel-000/hotel", *hotels.look("2").assign}
    hotels.ready(*changed)

    went_back: set[str] = set()
    for _ in range(20):
        decision = hotels.look("1")
        went_back |= set(decision.assign)
        hotels.ready(*decision.assign)

    assert decision.verdict is Verdict.COMPLETE
    assert went_back == changed


def test_a_class_without_hotels_is_complete() -> None:
    assert fleet(0).look().verdict is Verdict.COMPLETE


@settings(max_examples=50, deadline=None)
@given(
    size=st.integers(1, 60),
    canaries=st.integers(0, 3),
    at_once=st.integers(1, 8),
    waves=st.sampled_from([[100], [10, 50, 100], [1, 2, 3, 100]]),
    data=st.data(),
)
def test_every_hotel_gets_there_with_never_more_than_allowed_at_once(
    size: int, canaries: int, at_once: int, waves: list[int], data: st.DataObject
) -> None:
    hotels = fleet(size, canaries=min(canaries, size), waves=waves, maxConcurrent=at_once, soakSeconds=60)
    for _ in range(20 * size + 20):
        decision = hotels.look()
        assert len(hotels.changing()) <= at_once
        if decision.verdict is Verdict.COMPLETE:
            break
        some = data.draw(st.integers(1, at_once))
        hotels.ready(*hotels.changing()[:some])
        hotels.later(61)

    assert decision.verdict is Verdict.COMPLETE
    assert {m.assigned for m in hotels.members.values()} == {"2"}

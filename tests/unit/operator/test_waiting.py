"""Hotels on their way to Ready: their pods are asked, and their progress is told, only now and then."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator.kinds import PODS, Resource
from concierge_operator.waiting import ASK_AFTER_SECONDS, TELL_AFTER_SECONDS, Waiting
from rendered import context, small_tenant

KEY = "house/house"
HOUSE = context(small_tenant())
SLOW = ["AppsReady"]


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def monotonic(self) -> float:
        return self.moment


class Pods:
    """A cluster in which no image can be fetched, and which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def list(self, resource: Resource, *_: Any, **__: Any) -> tuple[list[dict[str, Any]], str]:
        assert resource == PODS
        self.asked += 1
        waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
        return [{"metadata": {"name": "chat-1", "namespace": "house"}, "status": {"containerStatuses": [waiting]}}], "1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waiting(clock: Clock) -> Waiting:
    made = Waiting(clock)  # type: ignore[arg-type]  # nothing sleeps here
    made.waits(KEY, 0.0)
    return made


async def reasons(waiting: Waiting, pods: Pods, generation: int = 1, slow: list[str] = SLOW) -> str | None:
    trouble = await waiting.trouble(KEY, HOUSE, generation, slow, {}, pods)  # type: ignore[arg-type]
    return trouble.reason if trouble is not None else None


async def test_pods_are_not_asked_before_it_takes_long(clock: Clock, waiting: Waiting) -> None:
    pods = Pods()

    early = await reasons(waiting, pods)
    clock.moment += ASK_AFTER_SECONDS
    late = await reasons(waiting, pods)

    assert (early, late) == (None, "ImagePullFailed")
    assert pods.asked == 1


async def test_what_pods_said_holds_for_some_seconds_without_asking_again(clock: Clock, waiting: Waiting) -> None:
    pods = Pods()
    clock.moment += ASK_AFTER_SECONDS

    said = [await reasons(waiting, pods) for _ in range(5)]
    asked = pods.asked
    clock.moment += ASK_AFTER_SECONDS
    await reasons(waiting, pods)

    assert said == ["ImagePullFailed"] * 5
    assert (asked, pods.asked) == (1, 2)


async def test_another_spec_and_another_part_are_asked_about_at_once(clock: Clock, waiting: Waiting) -> None:
    pods = Pods()
    clock.moment += ASK_AFTER_SECONDS

    await reasons(waiting, pods, generation=1)
    await reasons(waiting, pods, generation=2)
    await reasons(waiting, pods, generation=2, slow=["WorkersReady"])

    assert pods.asked == 3


async def test_who_has_waited_since_before_the_operator_began_is_asked_at_once(clock: Clock) -> None:
    pods, waiting = Pods(), Waiting(clock)  # type: ignore[arg-type]

    waiting.waits(KEY, for_seconds=60.0)

    assert await reasons(waiting, pods) == "ImagePullFailed"


def test_progress_is_told_once_in_a_while_and_of_who_waits_no_more_at_once(clock: Clock, waiting: Waiting) -> None:
    at_first = waiting.may_tell(KEY)
    waiting.told(KEY)
    soon = waiting.may_tell(KEY)
    clock.moment += TELL_AFTER_SECONDS
    later = waiting.may_tell(KEY)
    waiting.told(KEY)
    waiting.forget(KEY)

    assert (at_first, soon, later, waiting.may_tell(KEY)) == (True, False, True, True)

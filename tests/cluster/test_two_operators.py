"""Two operators as two processes: one leads; the other follows soon when it dies, and sends it home when it wakes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from control_plane import ControlPlane
from fault_proxy import Asked, FaultProxy, fault_proxy
from hotel import Hotel
from killable_operator import OperatorProcess, operator_process
from migrations_seen import migrations_seen
from street import wait_until

pytestmark = pytest.mark.timeout(180)
LEASE = ("lease", "concierge-operator", "-n", "concierge-system")


class Pair:
    """Two operators, each behind a proxy of its own."""

    def __init__(self, plane: ControlPlane, proxies: list[FaultProxy], operators: list[OperatorProcess]) -> None:
        self.plane = plane
        self.proxies = proxies
        self.operators = operators

    def leader(self) -> int | None:
        """Which of them holds the Lease."""
        found = self.plane.kubectl("get", *LEASE, "-o", "jsonpath={.spec.holderIdentity}", check=False)
        return int(found[-1]) if found.startswith("operator-") else None

    def writes(self, one: int, since: float) -> list[Asked]:
        """What this one wrote since then."""
        return [asked for asked in list(self.proxies[one].asked) if asked.moment >= since and asked.writes]


@pytest.fixture
def pair(lone_plane: ControlPlane, tmp_path: Path) -> Iterator[Pair]:
    """With the lease times that the chart gives them."""
    with ExitStack() as stack:
        lone_plane.kubectl("delete", *LEASE, "--ignore-not-found")
        proxies, operators = [], []
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            proxies.append(stack.enter_context(fault_proxy(lone_plane, folder)))
            operators.append(
                stack.enter_context(operator_process(proxies[-1].kubeconfig, f"operator-{number}", folder))
            )
        made = Pair(lone_plane, proxies, operators)
        wait_until(lambda: made.leader() is not None, 60)
        wait_until(lambda: all(_has_asked_for_the_lease(proxy) for proxy in proxies), 60)
        yield made


def _has_asked_for_the_lease(proxy: FaultProxy) -> bool:
    return any("/leases" in asked.path for asked in list(proxy.asked))


def test_only_one_of_two_writes(pair: Pair, lone_hotel: Hotel) -> None:
    began = time.monotonic()
    lone_hotel.apply(profile="compact").is_ready()

    leader = pair.leader()
    assert leader is not None
    assert pair.writes(leader, began)
    assert pair.writes(1 - leader, began) == []


def test_the_standby_acts_within_fifteen_seconds_of_the_leaders_death(pair: Pair, lone_hotel: Hotel) -> None:
    lone_hotel.apply(version="1.0.0", profile="compact").is_ready()
    leader = pair.leader()
    assert leader is not None

    pair.operators[leader].kill()
    died = time.monotonic()
    lone_hotel.edit(version="1.1.0")
    wait_until(lambda: pair.writes(1 - leader, died), 30)
    took = pair.writes(1 - leader, died)[0].moment - died

    print(f"failover: first write of the standby {took:.1f} s after the leader's death")
    assert took <= 15
    lone_hotel.wait(lambda: lone_hotel.status.get("version") == "1.1.0")


def test_one_that_was_paused_past_its_lease_writes_nothing_when_it_wakes(pair: Pair, lone_hotel: Hotel) -> None:
    with migrations_seen(pair.plane) as migrations:
        lone_hotel.apply(version="1.0.0", profile="compact").is_ready()
        old = pair.leader()
        assert old is not None
        lone_hotel.edit(version="1.1.0")
        wait_until(lambda: lone_hotel.get("jobs", _newest_job(lone_hotel)), 10)
        pair.operators[old].pause()
        wait_until(lambda: pair.leader() == 1 - old, 30)
        lone_hotel.edit(version="1.2.0")
        lone_hotel.wait(lambda: lone_hotel.status.get("version") == "1.2.0")

        pair.operators[old].resume()
        woke = time.monotonic()
        lone_hotel.edit(version="1.3.0")
        lone_hotel.wait(lambda: lone_hotel.status.get("version") == "1.3.0")
        time.sleep(3)

        # What it had already sent when it was stopped may still arrive, and does no harm.
        print(f"written by the one that woke: {[asked.path for asked in pair.writes(old, woke)]}")
        assert pair.writes(old, woke) == []
        assert pair.leader() == 1 - old
        assert migrations.twice() == []
        lone_hotel.is_ready()


def _newest_job(hotel: Hotel) -> str:
    jobs = sorted(hotel.list("jobs"), key=lambda job: str(job["metadata"]["creationTimestamp"]))
    return str(jobs[-1]["metadata"]["name"]) if jobs else json.dumps(None)

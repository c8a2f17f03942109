"""Between the operator and the API server something goes wrong: hotels come up all the same, and nobody is flooded."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from concierge_operator.kinds import child
from control_plane import ControlPlane
from fault_proxy import (
    Asked,
    FaultProxy,
    Harm,
    Which,
    answers,
    empty,
    everything,
    gone,
    looks,
    reset,
    silence,
    torn,
    watches,
)
from history import history
from hotel import Hotel, tenant_document
from running_operator import RunningOperator, running_operator
from street import Street, wait_until

COMPACT = {"profile": "compact"}
HARMS = {
    "409": answers(409, "Conflict"),
    "429": answers(429, "TooManyRequests", Retry_After="1"),
    "500": answers(500, "InternalError"),
    "reset": reset,
    "no-answer": silence,
}


@pytest.fixture
def troubled(proxy: FaultProxy) -> Iterator[RunningOperator]:
    """The cluster's one operator, behind the proxy; impatient, so that tests are short."""
    with running_operator(proxy.kubeconfig, answer_seconds=1.5, watch_silence_seconds=3) as running:
        yield running


def one_of(many: int, which: Which) -> Which:
    """Every so many-th of these."""
    numbers = itertools.count()
    return lambda asked: which(asked) and next(numbers) % many == 0


def running_version(hotel: Hotel) -> str:
    """The version that the tenant says it runs."""
    return str(hotel.status.get("version", ""))


@pytest.mark.timeout(240)
def test_hotels_come_up_and_change_though_every_sixth_request_fails(
    proxy: FaultProxy, troubled: RunningOperator, lone_plane: ControlPlane
) -> None:
    hotels = {name: Street(lone_plane, (f"harmed-{name.lower()}",)) for name in HARMS}
    began = time.monotonic()

    with ExitStack() as harmed:
        for name, street in hotels.items():
            harmed.enter_context(proxy.harming(HARMS[name], one_of(6, about(street.namespaces[0]))))
        for version in ("1.0.0", "1.1.0"):
            for street in hotels.values():
                street.build(version=version)
            wait_until(lambda: all(street.all_ready() for street in hotels.values()), 100)

    for name, street in hotels.items():
        assert street.versions() == {"1.1.0"}
        asked = about(street.namespaces[0])
        writes = proxy.count(lambda one, asked=asked: asked(one) and one.writes, began)  # type: ignore[misc]
        print(f"{name}: {writes} writes in {time.monotonic() - began:.0f} s")
        assert writes < 150


def about(namespace: str) -> Which:
    """What is asked about objects of this namespace."""
    return lambda asked: looks(asked) and asked.within(namespace)


@pytest.mark.parametrize("harm", ["429", "reset"])
def test_a_server_that_refuses_everything_is_asked_ever_more_seldom(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel, harm: str
) -> None:
    lone_hotel.apply(version="1.0.0", **COMPACT).is_ready()

    with proxy.harming(HARMS[harm]):
        lone_hotel.edit(version="1.1.0")
        began = time.monotonic()
        time.sleep(10)
        asked = proxy.count(everything, began + 4)
        asked_for_the_lease = proxy.count(lambda one: "/leases" in one.path, began + 4)

    print(f"{harm}: {asked} requests in 6 s, {asked_for_the_lease} of them for the Lease")
    assert asked - asked_for_the_lease < 6 * 20
    lone_hotel.wait(lambda: running_version(lone_hotel) == "1.1.0", 90)


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel
) -> None:
    def ours(asked: Asked) -> bool:
        return looks(asked) and asked.within(lone_hotel.namespace)

    began = time.monotonic()
    with proxy.harming(answers(429, "TooManyRequests", Retry_After="4"), ours, times=1):
        lone_hotel.apply(**COMPACT)
        lone_hotel.wait(lambda: proxy.count(ours, began))
        lone_hotel.kubectl("label", "ct", "--all", "somebody=is-looking")
        lone_hotel.is_ready()

    moments = [asked.moment for asked in proxy.asked if ours(asked)]
    assert moments[1] - moments[0] >= 4


@pytest.mark.parametrize(
    ("harm", "name"), [(gone, "410"), (empty, "ended"), (torn, "torn")], ids=["410", "ended", "torn"]
)
def test_watches_that_are_cut_off_at_once_miss_nothing_and_flood_nobody(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel, harm: Harm, name: str
) -> None:
    lone_hotel.apply(version="1.0.0", **COMPACT).is_ready()

    with proxy.harming(harm, watches):
        cut(proxy)
        began = time.monotonic()
        time.sleep(6)
        lone_hotel.edit(version="1.1.0")
        asked = proxy.count(everything, began)
    print(f"{name}: {asked} requests in 6 s")
    assert asked < 6 * 20

    lone_hotel.wait(lambda: running_version(lone_hotel) == "1.1.0", 90)


def cut(proxy: FaultProxy) -> None:
    """Break all watches that are open."""
    with proxy.half_open():
        time.sleep(3.5)


def test_a_watch_that_has_gone_silent_is_noticed(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel
) -> None:
    lone_hotel.apply(version="1.0.0", **COMPACT).is_ready()

    with proxy.half_open():
        lone_hotel.kubectl("delete", "networkpolicy", "concierge-default-deny")
        lone_hotel.edit(version="1.1.0")
        time.sleep(1)
        assert running_version(lone_hotel) == "1.0.0"

    lone_hotel.wait(lambda: running_version(lone_hotel) == "1.1.0", 60)
    lone_hotel.wait(lambda: lone_hotel.get("networkpolicy", "concierge-default-deny"))


def test_a_tenant_that_was_deleted_while_nobody_listened_makes_room(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel
) -> None:
    lone_hotel.apply(**COMPACT).is_ready()
    name = lone_hotel.name

    with proxy.half_open(), proxy.harming(gone, watches):
        lone_hotel.kubectl("delete", "ct", name)
        lone_hotel.wait(lambda: not lone_hotel.list("pods"))
        time.sleep(3)
    document = tenant_document()
    document["metadata"]["name"] = "another"
    lone_hotel.apply(document, **COMPACT).is_ready()


def test_a_tenant_that_is_gone_is_not_saved_once_more_when_the_news_of_it_is_late(
    proxy: FaultProxy, troubled: RunningOperator, lone_hotel: Hotel
) -> None:
    kept = {"enabled": True, "destination": "pvc:backups", "schedule": "30 3 * * *"}
    lone_hotel.apply(deletionPolicy="Snapshot", backup=kept, **COMPACT).is_ready()

    with history(lone_hotel.plane, child("Job")) as told:
        lone_hotel.kubectl("delete", "ct", "--all", "--wait=false")
        lone_hotel.wait(lambda: lone_hotel.get("jobs", "concierge-backup-final"))
        with proxy.half_open(lambda asked: "conciergetenants" in asked.path):
            lone_hotel.wait(lambda: not lone_hotel.list("ct"))
            lone_hotel.wait(lambda: not lone_hotel.list("statefulsets"))
            time.sleep(5)
        made = told.of(lone_hotel.namespace, "Job")

    assert len({one.uid for one in made if one.name == "concierge-backup-final"}) == 1

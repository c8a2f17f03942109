"""Hotels that are as they should be cost nothing: no write in any round, and none when the operator restarts. New ones
cost a request for each object."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from control_plane import ControlPlane
from fault_proxy import Asked, FaultProxy, looks
from running_operator import running_operator
from street import Street, numbered, wait_until

pytestmark = pytest.mark.timeout(180)
ROUND_SECONDS = 2
HOTELS = 12


@pytest.fixture
def street(lone_plane: ControlPlane) -> Iterator[Street]:
    """Some hotels, in namespaces that no other test has used: passwords outlive their hotel."""
    made = Street(lone_plane, numbered(f"quiet-{uuid4().hex[:6]}", range(HOTELS)))
    yield made
    made.demolish()


def test_ready_hotels_are_not_written_to_in_any_round_nor_after_a_restart(proxy: FaultProxy, street: Street) -> None:
    with running_operator(proxy.kubeconfig, resync_seconds=ROUND_SECONDS):
        street.build()
        wait_until(street.all_ready, 120, street.ready)
        time.sleep(3)
        in_rounds = proxy.writes_during(ROUND_SECONDS * 4)

    restarted = time.monotonic()
    with running_operator(proxy.kubeconfig, resync_seconds=ROUND_SECONDS):
        wait_until(lambda: proxy.count(_asks_for_the_lease, restarted), 30)
        after_the_restart = proxy.writes_during(ROUND_SECONDS * 3)

    print(f"{HOTELS} hotels: {len(in_rounds)} writes in 4 rounds, {len(after_the_restart)} after a restart")
    assert [asked.path for asked in in_rounds] == []
    assert [asked.path for asked in after_the_restart] == []
    assert street.all_ready()


def test_a_new_hotel_costs_one_request_for_each_object_and_none_to_find_out_what_is_there(
    proxy: FaultProxy, street: Street
) -> None:
    with running_operator(proxy.kubeconfig):
        street.build()
        wait_until(street.all_ready, 120, street.ready)

    asked = [one for one in proxy.asked if looks(one)]
    applied = Counter(one.path for one in asked if one.method == "PATCH" and not one.path.endswith("/status"))
    assert len(applied) == sum(len(objects) for objects in street.objects().values())
    assert set(applied.values()) == {1}
    assert [one.path for one in asked if one.method == "GET" and not one.path.endswith("/pods")] == []
    assert sum(one.method == "POST" and one.path.endswith("/secrets") for one in asked) == HOTELS


def _asks_for_the_lease(asked: Asked) -> bool:
    return asked.method in ("PUT", "POST") and "/leases" in asked.path

"""The tenants that are known: newest news wins, the dead stay dead, and an edit is never swallowed by our own write."""

from __future__ import annotations

from typing import Any

from concierge_operator.classes import members
from concierge_operator.kinds import CLASSES, TENANTS
from concierge_operator.known import Known
from concierge_operator.queue import Priority
from concierge_operator.world import World


def tenant(version: int, generation: int = 1, uid: str = "a", name: str = "strand", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "hotel", "uid": uid, "resourceVersion": str(version)}
    return {"metadata": {**metadata, "generation": generation}, "spec": spec}


class Asked:
    """Who was asked to be looked at."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, key: str, _: Priority) -> None:
        self.keys.append(key)


def test_older_news_of_the_same_tenant_is_passed_over() -> None:
    known = Known()
    known.put(tenant(5, generation=2))

    assert not known.put(tenant(4, generation=1))
    assert known.get("hotel/strand").version == 5  # type: ignore[union-attr]


def test_a_status_that_changed_asks_for_no_work() -> None:
    known = Known()
    known.put(tenant(5))

    assert not known.put(tenant(6) | {"status": {"version": "1.0.0"}})


def test_an_answer_that_comes_after_the_news_of_a_deletion_brings_nobody_back() -> None:
    known = Known()
    known.put(tenant(5))
    known.drop(tenant(7))

    assert not known.put(tenant(6))
    assert known.get("hotel/strand") is None
    assert known.in_namespace("hotel") == []


def test_a_tenant_of_the_same_name_that_comes_later_is_another_one() -> None:
    known = Known()
    known.put(tenant(5))
    known.drop(tenant(7))

    assert known.put(tenant(8, uid="b"))


def test_an_edit_that_our_own_status_write_brings_along_is_acted_on() -> None:
    asked = Asked()
    world = World(asked)
    world.tenant_event("ADDED", tenant(5, generation=1))
    asked.keys.clear()

    world.written(tenant(7, generation=2))  # somebody edited at 6, we wrote the status at 7
    world.tenant_event("MODIFIED", tenant(6, generation=2))
    world.tenant_event("MODIFIED", tenant(7, generation=2))

    assert asked.keys == ["hotel/strand"]


def test_who_was_deleted_while_nobody_listened_makes_room_for_who_waited() -> None:
    asked = Asked()
    world = World(asked)
    world.tenant_event("ADDED", tenant(5, uid="a", name="first"))
    world.tenant_event("ADDED", tenant(6, uid="b", name="second"))
    asked.keys.clear()

    world.recounted(TENANTS, {"b"}, 9)

    assert [paper.key for paper in world.tenants] == ["hotel/second"]
    assert asked.keys == ["hotel/first", "hotel/second"], "of the first, nothing is kept"


def test_who_came_after_a_list_was_made_is_not_missed_in_it() -> None:
    world = World(Asked())
    world.tenant_event("ADDED", tenant(12))

    world.recounted(TENANTS, set(), 9)

    assert len(world.tenants) == 1


def test_tenants_of_a_class_that_vanished_unseen_are_looked_at() -> None:
    asked = Asked()
    world = World(asked)
    brand = {"metadata": {"name": "brand", "uid": "c", "resourceVersion": "3", "generation": 1}, "spec": {}}
    world.class_event("ADDED", brand)
    world.tenant_event("ADDED", tenant(5, classRef={"name": "brand"}))
    asked.keys.clear()

    world.recounted(CLASSES, set(), 9)

    assert asked.keys == ["/brand", "hotel/strand"]


def test_a_tenant_that_is_gone_is_looked_at_once_more_so_that_nothing_of_it_is_kept() -> None:
    asked = Asked()
    world = World(asked)
    world.tenant_event("", tenant(5))
    asked.keys.clear()

    world.tenant_event("DELETED", tenant(7))

    assert asked.keys == ["hotel/strand"]


def test_tenants_that_went_while_nobody_listened_are_looked_at_once_more_too() -> None:
    asked = Asked()
    world = World(asked)
    world.tenant_event("", tenant(5))
    asked.keys.clear()

    world.recounted(TENANTS, set(), 9)

    assert asked.keys == ["hotel/strand"]


def test_a_tenant_that_leaves_takes_no_part_in_its_classs_rollout() -> None:
    known = Known()
    staying, leaving = tenant(1, uid="a", name="stays"), tenant(2, uid="b", name="leaves")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-25T10:00:00Z"
    for one in (staying, leaving):
        known.put(one | {"spec": {"classRef": {"name": "brand"}}})

    assert [member.name for member in members(known.of_class("brand"), "1.1.0")] == ["hotel/stays"]

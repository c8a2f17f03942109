"""What is known of children: the newest sighting, whether it matters, and who took fields from us."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_operator import names
from concierge_operator.kinds import child
from concierge_operator.sightings import Sightings

SERVICES = child("Service")
PLACE = ("Service", "concierge-chat")


def service(version: int, uid: str = "a", fields: Any = ("spec",), **metadata: Any) -> dict[str, Any]:
    ours = {"manager": names.FIELD_MANAGER, "operation": "Apply", "fieldsV1": {f"f:{field}": {} for field in fields}}
    return {
        "metadata": {
            "name": "concierge-chat",
            "namespace": "hotel",
            "uid": uid,
            "resourceVersion": str(version),
            "labels": {names.TENANT_UID: "tenant"},
            "managedFields": [ours],
            **metadata,
        }
    }


def test_what_is_seen_for_the_first_time_matters() -> None:
    assert Sightings().put(SERVICES, service(1))


def test_a_change_that_is_not_ours_to_mind_does_not_matter() -> None:
    seen = Sightings()
    seen.put(SERVICES, service(1))

    assert not seen.put(SERVICES, service(2, annotations={"team": "night"}))


def test_a_field_that_somebody_took_from_us_matters() -> None:
    seen = Sightings()
    seen.put(SERVICES, service(1, fields=("spec", "labels")))

    assert seen.put(SERVICES, service(2, fields=("spec",)))


def test_the_end_of_an_object_is_not_undone_by_an_answer_that_comes_late() -> None:
    seen = Sightings()
    seen.put(SERVICES, service(1))
    seen.drop(SERVICES, service(3))

    assert not seen.put(SERVICES, service(2))
    assert PLACE not in seen.of("hotel")


def test_the_end_of_an_earlier_object_leaves_the_one_that_has_its_name_now() -> None:
    seen = Sightings()
    seen.put(SERVICES, service(5, uid="b"))

    assert not seen.drop(SERVICES, service(3, uid="a"))
    assert seen.of("hotel")[PLACE].uid == "b"


def test_a_new_list_drops_what_is_not_in_it_and_says_where() -> None:
    seen = Sightings()
    seen.put(SERVICES, service(1))

    assert list(seen.forget_missing(SERVICES, set())) == ["hotel"]
    assert seen.put(SERVICES, service(1))  # a list may be older than our own write: it is no proof of an end


@settings(deadline=None)
@given(st.permutations(range(1, 8)))
def test_in_whatever_order_news_come_the_newest_stays(order: list[int]) -> None:
    seen = Sightings()
    for version in order:
        seen.put(SERVICES, service(version))

    assert seen.of("hotel")[PLACE].version == 7

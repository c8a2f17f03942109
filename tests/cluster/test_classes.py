"""A brand's class: what its hotels share, and how a version reaches them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from control_plane import ControlPlane
from hotel import Hotel, tenant_document
from running_operator import RunningOperator

_NUMBERS = itertools.count(1)


class Brand:
    """A class with three small hotels, the first of which goes first."""

    def __init__(self, plane: ControlPlane, name: str) -> None:
        self.plane, self.name = plane, name
        self.hotels: list[Hotel] = []

    def apply(self, version: str, **rollout: Any) -> None:
        """The class with this version."""
        wanted = {"canary": {"matchLabels": {"goes": "first"}}, "waves": [100], "soakSeconds": 0, **rollout}
        self.plane.apply(
            {
                "apiVersion": "concierge.hotel/v1alpha1",
                "kind": "ConciergeClass",
                "metadata": {"name": self.name},
                "spec": {"version": version, "rollout": wanted, "defaults": {"ai": {"persona": "Warm and brief."}}},
            }
        )

    def open(self, count: int = 3) -> None:
        """Its hotels, all Ready."""
        for number in range(count):
            space = f"{self.name}-{number}"
            self.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
            document = tenant_document()
            document["metadata"]["labels"] = {"goes": "first" if number == 0 else "later"}
            self.hotels.append(
                Hotel(self.plane, space).apply(document, profile="compact", classRef={"name": self.name})
            )
        for hotel in self.hotels:
            hotel.is_ready()
        self.hotels[0].wait(lambda: self.status.get("updated") == count)

    @property
    def status(self) -> dict[str, Any]:
        """The class's status."""
        made = json.loads(self.plane.kubectl("get", "cc", self.name, "-o", "json"))
        return dict(made.get("status") or {})

    def reason(self) -> str:
        """Why it is, or is not, through."""
        return next((c["reason"] for c in self.status.get("conditions", ()) if c["type"] == "Ready"), "")

    def versions(self) -> list[str]:
        """What runs in each hotel."""
        return [hotel.status.get("version", "") for hotel in self.hotels]


@pytest.fixture
def brand(plane: ControlPlane, operator: RunningOperator) -> Iterator[Brand]:
    made = Brand(plane, f"brand-{next(_NUMBERS)}")
    yield made
    plane.kubectl("delete", "namespace", *(hotel.namespace for hotel in made.hotels), "--wait=false", check=False)


def test_a_version_reaches_every_hotel_of_the_class(brand: Brand) -> None:
    brand.apply("1.0.0")
    brand.open()
    brand.apply("1.1.0")

    brand.hotels[0].wait(lambda: brand.versions() == ["1.1.0"] * 3 and brand.reason() == "Complete", 90)
    assert brand.status["previousVersion"] == "1.0.0"


def test_a_version_that_fails_in_the_first_hotel_reaches_nobody_else(brand: Brand) -> None:
    brand.apply("1.0.0")
    brand.open()
    brand.apply("1.1.0-unmigratable", readyWithinSeconds=30)

    brand.hotels[0].wait(lambda: brand.reason() == "Stopped", 90)
    assert brand.status["stoppedBy"] == f"{brand.hotels[0].namespace}/{brand.hotels[0].name}"
    assert brand.versions() == ["1.0.0"] * 3
    assert [hotel.status["assignedVersion"] for hotel in brand.hotels[1:]] == ["1.0.0"] * 2

    brand.apply("1.0.0")
    brand.hotels[0].wait(lambda: brand.reason() == "Complete", 60)
    brand.hotels[0].is_ready()


def test_a_paused_class_changes_nobody(brand: Brand) -> None:
    brand.apply("1.0.0")
    brand.open(1)
    brand.apply("1.1.0", paused=True)

    brand.hotels[0].wait(lambda: brand.reason() == "Paused")
    assert brand.versions() == ["1.0.0"]

    brand.apply("1.1.0")
    brand.hotels[0].wait(lambda: brand.versions() == ["1.1.0"])


def test_a_tenant_of_an_unknown_class_waits_for_it(hotel: Hotel, plane: ControlPlane) -> None:
    hotel.apply(classRef={"name": "not-yet"}, profile="compact")
    assert "not-yet" in hotel.stalls("ClassNotFound")

    Brand(plane, "not-yet").apply("2.0.0")
    hotel.is_ready()
    assert hotel.status["version"] == "2.0.0"

"""How objects are made: only where nobody has one of their name, told by the API server in one request."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator.cluster import Cluster
from concierge_operator.kinds import resource_of
from concierge_operator.refusals import Refusal
from control_plane import ControlPlane
from hotel import Hotel


def config_map(namespace: str, **data: str) -> dict[str, Any]:
    metadata = {"name": "facts", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_only_new_makes_what_is_not_there(plane: ControlPlane, namespace: str) -> None:
    manifest = config_map(namespace, breakfast="7:30")

    async with Cluster(plane.configuration()) as cluster:
        made = await cluster.apply(resource_of(manifest), manifest, manager="test", only_new=True)

    assert made["data"] == {"breakfast": "7:30"}
    assert [entry["operation"] for entry in made["metadata"]["managedFields"]] == ["Apply"]


async def test_only_new_leaves_what_is_there_as_it_is(plane: ControlPlane, namespace: str) -> None:
    manifest = config_map(namespace, breakfast="7:30")
    plane.apply(config_map(namespace, breakfast="8:00"))

    async with Cluster(plane.configuration()) as cluster:
        with pytest.raises(Refusal) as refused:
            await cluster.apply(resource_of(manifest), manifest, manager="test", only_new=True)
        live = await cluster.get(resource_of(manifest), "facts", namespace)

    assert refused.value.status == 409
    assert live is not None
    assert live["data"] == {"breakfast": "8:00"}
    assert "test" not in {entry["manager"] for entry in live["metadata"]["managedFields"]}


async def test_of_a_long_list_never_more_than_one_page_is_held(plane: ControlPlane, namespace: str) -> None:
    facts = [config_map(namespace) for _ in range(60)]
    for number, one in enumerate(facts):
        one["metadata"] |= {"name": f"facts-{number}", "labels": {"long": "list"}}
    plane.apply(*facts)
    kind, labels = resource_of(facts[0]), {"long": "list"}

    async with Cluster(plane.configuration()) as cluster:
        pages = [page async for page, _ in cluster.pages(kind, namespace, labels=labels)]
        whole, _ = await cluster.list(kind, namespace, labels=labels)

    assert [len(page) for page in pages] == [0, 10]
    assert len(whole) == 60


def test_a_name_that_somebody_else_has_is_told_and_nothing_of_theirs_is_touched(hotel: Hotel) -> None:
    theirs = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "concierge"}}
    theirs["metadata"]["namespace"] = hotel.namespace
    hotel.plane.apply(theirs)

    hotel.apply()

    assert f"ServiceAccount {hotel.namespace}/concierge is there already" in hotel.stalls("NameTaken")
    there = hotel.get("serviceaccount", "concierge")
    assert there is not None
    assert "labels" not in there["metadata"]

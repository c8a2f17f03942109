"""A field of ours that somebody changed is found, and who did it is named; what others add is nobody's fault."""

from __future__ import annotations

from typing import Any

from concierge_operator.drift import authors, drifted

DESIRED: dict[str, Any] = {
    "metadata": {"name": "concierge-chat", "labels": {"app.kubernetes.io/name": "concierge"}},
    "spec": {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "chat", "image": "concierge:1", "args": ["--port", "8080"]}]}},
    },
}


def live(**changes: Any) -> dict[str, Any]:
    container = {"name": "chat", "image": "concierge:1", "args": ["--port", "8080"], "terminationMessagePath": "/dev"}
    spec = {"replicas": 2, "template": {"spec": {"containers": [container | changes.pop("container", {})]}}}
    metadata = {"name": "concierge-chat", "labels": {"app.kubernetes.io/name": "concierge", "team": "theirs"}}
    return {"metadata": metadata | changes.pop("metadata", {}), "spec": spec | changes}


def test_what_the_server_or_others_add_is_no_drift() -> None:
    sidecar = live()
    sidecar["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "mesh:1"})

    assert drifted(DESIRED, live()) == []
    assert drifted(DESIRED, sidecar) == []


def test_a_changed_value_is_named_by_its_path() -> None:
    assert drifted(DESIRED, live(replicas=5)) == [("spec", "replicas")]
    assert drifted(DESIRED, live(container={"image": "concierge:evil"})) == [
        ("spec", "template", "spec", "containers", "chat", "image")
    ]


def test_a_list_without_names_is_compared_as_a_whole() -> None:
    assert drifted(DESIRED, live(container={"args": ["--port", "9090"]})) == [
        ("spec", "template", "spec", "containers", "chat", "args")
    ]


def test_a_removed_label_and_a_removed_container_are_drift() -> None:
    bare = live(metadata={"labels": {}})
    empty = live()
    empty["spec"]["template"]["spec"]["containers"] = [{"name": "other"}]

    assert drifted(DESIRED, bare) == [("metadata", "labels", "app.kubernetes.io/name")]
    assert drifted(DESIRED, empty) == [("spec", "template", "spec", "containers", "chat")]


def test_who_changed_it_is_told_from_the_fields_that_they_own() -> None:
    changed = live(replicas=5)
    changed["metadata"]["managedFields"] = [
        {"manager": "concierge-operator", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kubectl-scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kube-controller-manager", "fieldsV1": {"f:status": {}}},
    ]

    assert authors(changed, [("spec", "replicas")], ours="concierge-operator") == ["kubectl-scale"]


def test_the_author_of_a_containers_field_is_found_through_its_name() -> None:
    changed = live(container={"image": "concierge:evil"})
    owned = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"chat"}': {".": {}, "f:image": {}}}}}}}
    changed["metadata"]["managedFields"] = [{"manager": "kubectl-set", "fieldsV1": owned}]

    assert authors(changed, drifted(DESIRED, changed), ours="concierge-operator") == ["kubectl-set"]

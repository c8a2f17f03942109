"""Which version holds for a tenant, and what is refused before anything is rendered."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator.known import Document, paper
from concierge_operator.observe import Verdict
from concierge_operator.preparing import Surroundings, prepared, status_of
from concierge_operator.render import Context, OperatorDefaults
from concierge_operator.render.pools import pool_size
from hotel import tenant_document

DEFAULTS = OperatorDefaults(version="0.9.0")


def _tenant(uid: str = "a", status: dict[str, Any] | None = None, **spec: Any) -> Document:
    made = tenant_document()
    made["metadata"] |= {
        "namespace": "n",
        "uid": uid,
        "resourceVersion": "1",
        "creationTimestamp": f"2026-01-0{len(uid)}",
    }
    made["spec"] |= spec
    return {**made, "status": status or {}}


def _class(named: str | None, **status: Any) -> Document:
    spec: dict[str, Any] = {"version": named} if named else {}
    return {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeClass",
        "metadata": {"name": "brand"},
        "spec": spec,
        "status": status,
    }


def _prepared(document: Document, brand: Document | None = None, *others: Document) -> Context | Verdict:
    papers = sorted((paper(one) for one in (*others, document)), key=lambda one: (one.created, one.key))
    return prepared(document, Surroundings(brand, papers, DEFAULTS, frozenset()))


def _version(document: Document, brand: Document | None = None) -> str:
    made = _prepared(document, brand)
    assert isinstance(made, Context), made
    return made.version


def _reason(made: Context | Verdict) -> str:
    assert isinstance(made, Verdict)
    return made.reason


FOLLOWS = {"classRef": {"name": "brand"}}


def test_the_tenants_own_version_wins() -> None:
    assert _version(_tenant(version="2.0.0", **FOLLOWS), _class("1.0.0")) == "2.0.0"


def test_without_a_class_the_operators_version_holds() -> None:
    assert _version(_tenant()) == "0.9.0"


def test_an_operators_upgrade_alone_changes_no_version() -> None:
    assert _version(_tenant(status={"version": "0.8.0"})) == "0.8.0"


def test_a_version_that_the_chart_names_is_followed_at_once() -> None:
    told = OperatorDefaults(version="0.9.0", version_was_told=True)
    made = prepared(_tenant(status={"version": "0.8.0"}), Surroundings(None, (), told, frozenset()))
    assert isinstance(made, Context)
    assert made.version == "0.9.0"


def test_a_classs_version_holds_once_it_was_given_to_the_tenant() -> None:
    assert _version(_tenant(status={"assignedVersion": "1.0.0"}, **FOLLOWS), _class("1.1.0")) == "1.0.0"


def test_a_new_tenant_begins_with_the_classs_version() -> None:
    settled = {"version": "1.0.0", "tenants": 3, "updated": 2, "wave": 3, "previousVersion": "0.8.0"}
    assert _version(_tenant(**FOLLOWS), _class("1.0.0", **settled)) == "1.0.0"
    assert _version(_tenant(**FOLLOWS), _class("1.0.0")) == "1.0.0"


def test_a_tenant_that_comes_during_a_change_begins_with_the_version_before() -> None:
    changing = {"version": "1.1.0", "previousVersion": "1.0.0", "tenants": 3, "updated": 1, "wave": 1}
    assert _version(_tenant(**FOLLOWS), _class("1.1.0", **changing)) == "1.0.0"


def test_nobody_changes_before_the_change_has_begun() -> None:
    assert _version(_tenant(**FOLLOWS), _class("1.1.0", version="1.0.0", tenants=1, updated=1)) == "1.0.0"


def test_the_first_tenant_of_a_namespace_keeps_it() -> None:
    first, second = _tenant("a"), _tenant("bb")
    second["metadata"]["name"] = "another"
    assert _reason(_prepared(second, None, first)) == "NamespaceTaken"
    assert isinstance(_prepared(first, None, second), Context)


def test_an_unknown_class_is_waited_for() -> None:
    assert _reason(_prepared(_tenant(**FOLLOWS))) == "ClassNotFound"


def test_a_spec_that_cannot_be_read_is_told_field_by_field() -> None:
    made = _prepared(_tenant(size="huge"))
    assert _reason(made) == "InvalidSpec"
    assert isinstance(made, Verdict)
    assert "spec.size" in made.message
    assert "What runs keeps running." in made.message


@pytest.mark.parametrize("allowed", [80, 100, 200, 5000])
def test_the_pools_of_all_pods_together_fit_into_what_the_server_allows(allowed: int) -> None:
    made = _prepared(_tenant(postgres={"maxConnections": allowed}))
    assert isinstance(made, Context)
    assert 2 <= pool_size(made) <= 10


def test_a_spec_whose_pods_cannot_all_connect_is_refused() -> None:
    assert _reason(_prepared(_tenant(postgres={"maxConnections": 30}))) == "TooFewConnections"


def test_of_a_status_that_another_version_wrote_everything_that_can_be_read_is_kept() -> None:
    number = {"number": "+4930123", "accountSid": "AC1", "secret": {"name": "twilio", "key": "token"}}
    number["before"] = {"calls": {"url": "https://before.example/call"}}
    status = {"version": "1.0.0", "numbers": [number], "migration": {"of": "the future"}, "weather": "fine"}

    found = status_of({"status": status})

    assert (found.version, found.migration) == ("1.0.0", None)
    assert found.numbers[0].before.calls is not None
    assert found.numbers[0].before.calls.url == "https://before.example/call"


@pytest.mark.parametrize("status", [None, {}, {"conditions": "none"}, {"conditions": [{"type": 1}]}])
def test_a_status_that_cannot_be_read_at_all_is_an_empty_one(status: Any) -> None:
    assert status_of({"status": status}).conditions == []

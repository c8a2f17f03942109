"""What `concierge explain` and `concierge diff` say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from concierge_core.tenant.brand import ConciergeClass
from concierge_operator.comparing import changes, restarts
from concierge_operator.drift import additions
from concierge_operator.explaining import explained
from concierge_operator.resolve import resolve
from concierge_operator.status_model import Condition, Endpoints, TenantStatus
from hotel import tenant_document

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def _document(generation: int = 2) -> dict[str, Any]:
    made = tenant_document()
    made["metadata"] |= {"namespace": "lindenhof", "generation": generation, "uid": "u"}
    return made


def _ready(status: str = "True", generation: int = 2) -> Condition:
    return Condition(
        type="Ready",
        status="True" if status == "True" else "False",
        observed_generation=generation,
        last_transition_time="2026-05-03T09:00:00Z",
        reason="Ready",
        message="Guests are answered.",
    )


def _told(document: dict[str, Any], status: TenantStatus) -> str:
    return "\n".join(explained(document, status, resolve(document, None), [], NOW))


def test_a_ready_tenant_is_told_in_its_first_line_with_where_it_is_reached() -> None:
    status = TenantStatus(conditions=[_ready()], version="1.2.0", endpoints=Endpoints(guest="https://h.example/"))
    told = _told(_document(), status)
    assert told.startswith("Pension Lindenhof (lindenhof/pension-lindenhof, version 1.2.0) is Ready.")
    assert "Guests: https://h.example/" in told
    assert "for 3 h" in told


def test_a_status_of_an_earlier_generation_is_said_to_be_one() -> None:
    assert "earlier generation than the spec's (3)" in _told(_document(3), TenantStatus(conditions=[_ready()]))


def test_a_tenant_without_a_status_leads_to_the_operator() -> None:
    told = _told(_document(), TenantStatus())
    assert "was not looked at yet" in told
    assert "kubectl get deployment -A" in told


def test_where_a_class_has_a_say_every_value_says_where_it_comes_from() -> None:
    brand = ConciergeClass.model_validate(
        {"metadata": {"name": "strand"}, "spec": {"defaults": {"ai": {"dailyTokenBudget": 200000}}}}
    )
    told = "\n".join(explained(_document(), TenantStatus(), resolve(_document(), brand), [], NOW))

    assert "  ai.dailyTokenBudget = 200000  (class)" in told
    assert "  property.code = pension-lindenhof  (tenant)" in told


def test_without_a_class_one_line_says_that_all_values_are_the_tenants_own() -> None:
    told = _told(_document(), TenantStatus())

    assert "values that are not built in are the tenant's own" in told
    assert "property.code" not in told


def test_what_others_added_is_told_and_what_kubernetes_itself_wrote_is_not() -> None:
    def entry(manager: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
        return {"manager": manager, "fieldsV1": fields, **more}

    annotation = {"f:metadata": {"f:annotations": {".": {}, "f:team": {}}}}
    live = {
        "metadata": {
            "managedFields": [
                entry("concierge-operator", {"f:spec": {"f:replicas": {}}}),
                entry("kube-controller-manager", annotation),
                entry("kubectl", {"f:status": {}}, subresource="status"),
                entry("night-shift", annotation),
            ]
        }
    }
    assert additions(live, ours="concierge-operator") == {"night-shift": ["metadata.annotations.team"]}


def test_an_object_that_somebody_made_alone_is_nobodys_addition() -> None:
    entry = {"manager": "concierge-cli", "fieldsV1": {"f:spec": {"f:backoffLimit": {}}}}

    assert additions({"metadata": {"managedFields": [entry]}}, ours="concierge-operator") == {}


def test_a_changed_image_names_its_container_and_restarts_pods() -> None:
    def deployment(image: str) -> dict[str, Any]:
        containers = [{"name": "chat", "image": image}, {"name": "other", "image": "x"}]
        template = {"spec": {"containers": containers}}
        return {"metadata": {"name": "c", "generation": 1}, "spec": {"template": template}, "status": {"replicas": 1}}

    found = changes(deployment("a:1"), deployment("a:2"))
    assert [change.told() for change in found] == ["spec.template.spec.containers[chat].image: a:1 → a:2"]
    assert restarts("Deployment", found)
    assert not restarts("Job", found)


def test_bookkeeping_and_status_are_no_changes() -> None:
    before = {"metadata": {"resourceVersion": "1", "managedFields": []}, "spec": {"a": 1}, "status": {"x": 1}}
    after = {"metadata": {"resourceVersion": "2"}, "spec": {"a": 1}}
    assert changes(before, after) == []

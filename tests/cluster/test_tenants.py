"""A tenant's life as a platform engineer sees it: created, changed, drifted, broken, mended, closed, taken away."""

from __future__ import annotations

import json

from hotel import Hotel, tenant_document

HOST = {"host": "hotel.example", "gateway": {"ingressClass": "nginx"}}


def test_an_applied_tenant_becomes_ready_and_says_where_it_is(hotel: Hotel) -> None:
    hotel.apply().is_ready()

    assert hotel.status["version"]
    assert hotel.status["endpoints"]["guest"].startswith("http://")
    names = {one["metadata"]["name"] for one in hotel.list("deployments")}
    assert names == {f"concierge-{part}" for part in ("chat", "ai", "admin", "worker", "beat")}
    assert "True" in hotel.kubectl("get", "ct")


def test_old_pods_serve_until_the_migration_of_a_new_version_has_succeeded(hotel: Hotel) -> None:
    hotel.apply(version="1.0.0").is_ready()
    before = hotel.pod_uids("chat")

    hotel.edit(version="1.1.0-unmigratable")
    message = hotel.stalls("JobFailed", 90)

    assert "kubectl logs" in message
    assert hotel.pod_uids("chat") == before
    assert hotel.status["version"] == "1.0.0"

    hotel.edit(version="1.2.0")
    hotel.is_ready()
    assert hotel.status["version"] == "1.2.0"
    assert not hotel.pod_uids("chat") & before


def test_what_others_change_in_our_fields_is_put_right_and_told(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    hotel.kubectl(
        "patch", "deployment", "concierge-beat", "-p", '{"spec":{"replicas":3}}', "--field-manager=night-shift"
    )

    hotel.wait(lambda: hotel.get("deployments", "concierge-beat")["spec"]["replicas"] == 1)  # type: ignore[index]
    told = hotel.wait(lambda: [e["message"] for e in hotel.list("events") if e["reason"] == "DriftCorrected"])
    assert "night-shift" in told[0]
    assert "spec.replicas" in told[0]


def test_a_deleted_object_comes_back(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    hotel.kubectl("delete", "networkpolicy", "concierge-default-deny")

    hotel.wait(lambda: hotel.get("networkpolicy", "concierge-default-deny"))


def test_what_others_add_beside_our_fields_stays(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    hotel.kubectl("annotate", "deployment", "concierge-chat", "team=night")
    hotel.edit(size="medium")
    hotel.is_ready()

    chat = hotel.get("deployments", "concierge-chat")
    assert chat is not None
    assert chat["metadata"]["annotations"]["team"] == "night"


def test_an_object_of_somebody_else_is_not_adopted(hotel: Hotel) -> None:
    hotel.kubectl("create", "serviceaccount", "concierge")
    hotel.apply()

    message = hotel.stalls("NameTaken")
    assert "ServiceAccount" in message

    hotel.kubectl("delete", "serviceaccount", "concierge")
    hotel.is_ready(120)


def test_a_rotated_secret_restarts_exactly_the_pods_that_use_it(hotel: Hotel) -> None:
    hotel.kubectl("create", "secret", "generic", "gemini", "--from-literal=key=one")
    hotel.apply(ai={"keySecret": {"name": "gemini", "key": "key"}}).is_ready()
    before = {part: hotel.pod_uids(part) for part in ("chat", "ai", "admin", "worker", "postgres")}

    hotel.kubectl("annotate", "secret", "gemini", "looked-at=today")
    hotel.kubectl("patch", "secret", "gemini", "-p", json.dumps({"stringData": {"key": "two"}}))

    hotel.wait(lambda: not hotel.pod_uids("ai") & before["ai"] and len(hotel.pod_uids("ai")) == len(before["ai"]))
    hotel.is_ready()
    assert {part: hotel.pod_uids(part) for part in before if part != "ai"} == {
        part: uids for part, uids in before.items() if part != "ai"
    }


def test_a_missing_secret_is_named_and_found_when_it_comes(hotel: Hotel) -> None:
    hotel.apply(ai={"keySecret": {"name": "gemini", "key": "key"}})
    message = hotel.stalls("SecretMissing")
    assert "gemini" in message

    hotel.kubectl("create", "secret", "generic", "gemini", "--from-literal=key=one")
    hotel.is_ready()


def test_an_image_that_cannot_be_fetched_is_told_and_old_pods_go_on(hotel: Hotel) -> None:
    hotel.apply(version="1.0.0").is_ready()
    before = hotel.pod_uids("chat")
    hotel.edit(version="1.0.1-unpullable")

    hotel.wait(lambda: hotel.condition("Stalled").get("reason") == "ImagePullFailed", 90)
    assert before <= hotel.pod_uids("chat")


def test_a_closed_house_runs_one_chat_pod_and_opens_again(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    hotel.edit(suspend={"active": True})

    hotel.wait(lambda: {p["metadata"]["labels"]["app.kubernetes.io/component"] for p in hotel.list("pods")} == {"chat"})
    hotel.is_ready()
    assert hotel.condition("Suspended")["status"] == "True"

    hotel.edit(suspend={"active": False})
    hotel.is_ready()
    assert len(hotel.list("jobs")) <= 1


def test_a_second_tenant_of_a_namespace_is_refused_in_words(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    second = tenant_document("strandhaus-ruegen")
    second["metadata"]["namespace"] = hotel.namespace
    hotel.plane.apply(second)

    def refused() -> bool:
        other = hotel.get("ct", second["metadata"]["name"])
        shown = ((other or {}).get("status") or {}).get("conditions", ())
        return any(one["type"] == "Stalled" and one["reason"] == "NamespaceTaken" for one in shown)

    hotel.wait(refused)


def test_a_deleted_tenant_takes_its_objects_along_and_leaves_its_data(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    hotel.kubectl("delete", "ct", "--all")

    hotel.wait(lambda: not hotel.list("deployments") and not hotel.list("statefulsets") and not hotel.list("pods"))
    assert {one["metadata"]["name"] for one in hotel.list("secrets")} == {"concierge-generated"}
    assert [one["metadata"]["name"] for one in hotel.list("pvc")] == ["data-concierge-postgres-0"]


def test_with_the_policy_delete_nothing_is_left(hotel: Hotel) -> None:
    hotel.apply(deletionPolicy="Delete").is_ready()
    hotel.kubectl("delete", "ct", "--all")

    hotel.wait(lambda: not any(hotel.list(kind) for kind in ("deployments", "statefulsets", "pods", "pvc", "secrets")))


def test_a_tenant_that_comes_back_finds_its_data_and_its_keys(hotel: Hotel) -> None:
    hotel.apply().is_ready()
    before = hotel.list("secrets")[0]["data"]
    hotel.kubectl("delete", "ct", "--all")
    hotel.wait(lambda: not hotel.list("pods"))

    hotel.apply().is_ready()
    assert hotel.list("secrets")[0]["data"] == before


def test_a_spec_that_cannot_fit_its_database_is_refused_in_words(hotel: Hotel) -> None:
    hotel.apply(postgres={"maxConnections": 20})

    assert "maxConnections" in hotel.stalls("TooFewConnections")
    assert hotel.list("deployments") == []


def test_a_volume_grows_under_its_running_database(hotel: Hotel) -> None:
    name = f"growing-{hotel.namespace}"
    described = {"capacity": {"storage": "50Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": name}
    paths = [f"/tmp/{name}-{number}" for number in range(2)]
    hotel.plane.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "kubernetes.io/no-provisioner",
            "allowVolumeExpansion": True,
        },
        *(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"{name}-{number}"},
                "spec": {**described, "hostPath": {"path": path}},
            }
            for number, path in enumerate(paths)
        ),
    )
    hotel.apply(storage={"className": name, "size": "10Gi"}).is_ready()
    before = hotel.pod_uids("postgres")

    hotel.edit(storage={"size": "20Gi"})

    def asked() -> set[str]:
        claim = hotel.get("pvc", "data-concierge-postgres-0")
        database = hotel.get("statefulset", "concierge-postgres")
        assert claim is not None
        templates = database["spec"]["volumeClaimTemplates"] if database else [claim]
        return {one["spec"]["resources"]["requests"]["storage"] for one in (claim, *templates)}

    hotel.wait(lambda: asked() == {"20Gi"} and hotel.get("statefulset", "concierge-postgres"))
    hotel.is_ready()
    assert hotel.pod_uids("postgres") == before


def test_a_failed_migration_is_tried_anew_when_its_secret_is_mended(hotel: Hotel) -> None:
    hotel.kubectl("create", "secret", "generic", "database", "--from-literal=url=postgresql://wrong")
    reference = {"mode": "external", "urlSecret": {"name": "database", "key": "url"}}
    hotel.apply(profile="compact", version="1.0.0-unmigratable", postgres=reference).stalls("JobFailed", 90)
    before = {one["metadata"]["uid"] for one in hotel.list("jobs")}

    hotel.kubectl("patch", "secret", "database", "-p", json.dumps({"stringData": {"url": "postgresql://right"}}))
    hotel.wait(lambda: (jobs := hotel.list("jobs")) and not {one["metadata"]["uid"] for one in jobs} & before)

"""What a platform engineer's `kubectl` says of tenants: accepted, or refused with field and remedy; explained well."""

from __future__ import annotations

from typing import Any

import pytest

from control_plane import ControlPlane
from rendered import MANIFESTS

TWILIO = {"accountSid": "AC" + "0" * 32, "authTokenSecret": {"name": "twilio", "key": "token"}}


def tenant(namespace: str, name: str = "house", **spec: Any) -> dict[str, Any]:
    """The smallest tenant, with these sections."""
    house = {
        "code": "house",
        "name": "House",
        "address": {"street": "Dorfstraße 7", "city": "Musterbach", "country": "DE"},
        "timezone": "Europe/Berlin",
    }
    return {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeTenant",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"property": house | spec.pop("property", {}), **spec},
    }


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_every_property_of_the_repository_is_accepted(plane: ControlPlane, namespace: str, path: Any) -> None:
    text = path.read_text(encoding="utf-8").replace("  namespace: hotel-alle-felder ", f"  namespace: {namespace} ")

    said = plane.kubectl("apply", "--validate=strict", "-n", namespace, "-f", "-", stdin=text)

    assert "conciergetenant.concierge.hotel/" in said


@pytest.mark.parametrize(
    ("spec", "field", "remedy"),
    [
        ({"voice": {"enabled": True}}, "spec.voice.twilio", "add accountSid, authTokenSecret and number"),
        ({"voice": {"enabled": True, "twilio": TWILIO}}, "spec.voice.twilio", "or set enabled: false"),
        ({"messaging": {"sms": {"enabled": True}}}, "spec.messaging", "add messaging.twilio"),
        ({"gateway": {"name": "a", "ingressClass": "b"}}, "spec.gateway", "keep name or ingressClass"),
        ({"postgres": {"mode": "external"}}, "spec.postgres.urlSecret", "say where the postgresql:// URL lies"),
        ({"redis": {"mode": "external"}}, "spec.redis.urlSecret", "say where the redis:// URL lies"),
        ({"backup": {"enabled": True}}, "spec.backup.destination", "such as s3://bucket/path or pvc:NAME"),
        ({"backup": {"enabled": True, "destination": "s3://b-c"}}, "spec.backup", "name the Secret with its keys"),
        ({"backup": {"destination": "gs://b-c"}}, "spec.backup.destination", "should match"),
        ({"deletionPolicy": "Snapshot"}, "spec.backup", "say where the last backup goes"),
        ({"autoscaling": {"chat": {"minReplicas": 5}}}, "spec.autoscaling.chat.maxReplicas", "raise it"),
        (
            {"autoscaling": {"chat": {"minReplicas": 0}}},
            "spec.autoscaling.chat.minReplicas",
            "greater than or equal to 1",
        ),
        ({"autoscaling": {"ai": {"minReplicas": 1, "maxReplicas": 0}}}, "spec.autoscaling.ai.maxReplicas", "to 1"),
        ({"postgres": {"mode": "external", "port": 0}}, "spec.postgres.port", "greater than or equal to 1"),
        (
            {"scheduling": {"tolerations": [{"value": "x"}]}},
            "spec.scheduling.tolerations[0]",
            "or set operator: Exists",
        ),
        ({"property": {"languages": ["en", "en"]}}, "spec.property.languages", "keep one"),
        ({"profile": "tiny"}, "spec.profile", '"dedicated", "compact"'),
        ({"gatewy": {"name": "public"}}, ".spec.gatewy", "field not declared in schema"),
    ],
)
def test_a_spec_that_cannot_be_is_refused_with_field_and_remedy(
    plane: ControlPlane, namespace: str, spec: dict[str, Any], field: str, remedy: str
) -> None:
    said = plane.apply(tenant(namespace, **spec), check=False)

    assert field in said
    assert remedy in said
    assert "serverside-applied" not in said


def test_a_name_that_is_too_long_for_a_label_is_refused_before_anything_is_made(
    plane: ControlPlane, namespace: str
) -> None:
    said = plane.apply(tenant(namespace, "h" * 64), check=False)

    assert "has room for 63 characters" in said
    assert "choose a shorter one" in said
    assert "serverside-applied" in plane.apply(tenant(namespace, "h" * 63))


def test_the_code_of_a_property_never_changes(plane: ControlPlane, namespace: str) -> None:
    plane.apply(tenant(namespace))

    said = plane.apply(tenant(namespace, property={"code": "another"}), check=False)

    assert "spec.property.code" in said
    assert "make a new tenant for another code" in said


@pytest.mark.parametrize(("before", "after"), [("20Gi", "10Gi"), ("20Gi", None), (None, "9Gi")])
def test_a_volume_never_shrinks(plane: ControlPlane, namespace: str, before: str | None, after: str | None) -> None:
    def sized(size: str | None) -> dict[str, Any]:
        return tenant(namespace, **({"storage": {"size": size}} if size else {}))

    plane.apply(sized(before))

    assert "can grow but never shrink" in plane.apply(sized(after), check=False)


def test_redis_memory_goes_back_only_as_far_as_its_volume_need_not_shrink(plane: ControlPlane, namespace: str) -> None:
    plane.apply(tenant(namespace, redis={"memory": "1Gi"}))

    said = plane.apply(tenant(namespace, redis={"memory": "512Mi"}), check=False)
    assert "spec.redis" in said
    assert "leave redis.memory as it was or make it larger" in said
    assert "serverside-applied" in plane.apply(tenant(namespace, redis={"memory": "2Gi"}))


def test_redis_memory_that_fits_the_smallest_volume_may_shrink(plane: ControlPlane, namespace: str) -> None:
    plane.apply(tenant(namespace, redis={"memory": "256Mi"}))

    assert "serverside-applied" in plane.apply(tenant(namespace))


def test_a_volume_may_grow(plane: ControlPlane, namespace: str) -> None:
    plane.apply(tenant(namespace))

    assert "serverside-applied" in plane.apply(tenant(namespace, storage={"size": "0.5Ti"}))


def test_kubectl_explains_every_section_in_sentences(plane: ControlPlane) -> None:
    said = plane.kubectl("explain", "conciergetenants.spec.chat.handoff")

    assert "Passing a conversation to a person." in said or "How conversations are passed to a person." in said
    assert "acceptWithinSeconds" in said
    assert "How long staff have to accept" in " ".join(said.split())


def test_the_short_name_lists_tenants_with_the_columns_that_matter(plane: ControlPlane, namespace: str) -> None:
    plane.apply(tenant(namespace))

    head, row = plane.kubectl("get", "ct", "-n", namespace).splitlines()

    assert head.split() == ["NAME", "READY", "REASON", "VERSION", "URL", "AGE"]
    assert row.split()[0] == "house"


def test_waves_of_a_class_rise_to_all(plane: ControlPlane) -> None:
    def brand(waves: list[int]) -> dict[str, Any]:
        return {
            "apiVersion": "concierge.hotel/v1alpha1",
            "kind": "ConciergeClass",
            "metadata": {"name": "strand-hotels"},
            "spec": {"version": "1.2.3", "rollout": {"waves": waves}},
        }

    assert "must be 100 percent" in plane.apply(brand([10, 50]), check=False)
    assert "Waves must rise" in plane.apply(brand([50, 10, 100]), check=False)
    assert "serverside-applied" in plane.apply(brand([10, 50, 100]))

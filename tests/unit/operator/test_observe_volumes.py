"""Why a database has no volume, as far as its claim tells."""

from __future__ import annotations

from typing import Any

from concierge_operator.observe import State, volume_trouble


def claim(phase: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "data-concierge-postgres-0", "namespace": "hotel"}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


def test_a_claim_with_its_volume_is_no_trouble() -> None:
    assert volume_trouble([claim("Bound", storageClassName="fast")]) is None


def test_a_claim_without_a_class_says_that_the_cluster_has_no_default() -> None:
    found = volume_trouble([claim("Bound", storageClassName="fast"), claim("Pending")])

    assert found is not None
    assert found.state is State.FAILED
    assert "no default storage class" in found.message


def test_a_claim_that_waits_names_its_class_and_where_to_look() -> None:
    found = volume_trouble([claim("Pending", storageClassName="fast")])

    assert found is not None
    assert found.state is State.PROGRESSING
    assert "fast" in found.message
    assert "kubectl describe pvc -n hotel data-concierge-postgres-0" in found.message

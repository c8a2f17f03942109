"""Many small hotels at once, looked at with one question to the cluster."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from concierge_operator import names
from concierge_operator.kinds import CHILDREN
from control_plane import ControlPlane
from hotel import tenant_document

_BUILT_IN = ("", "apps", "batch", "networking.k8s.io", "policy", "autoscaling")
EVERYTHING = ",".join(f"{kind.plural}.{kind.group}".rstrip(".") for kind in CHILDREN if kind.group in _BUILT_IN)
"""All kinds of ours that are built in, as kubectl takes them."""


@dataclass(frozen=True)
class Street:
    """The hotels of these namespaces, one in each."""

    plane: ControlPlane
    namespaces: tuple[str, ...]

    def build(self, **spec: Any) -> Street:
        """Make the namespaces and apply a compact tenant in each."""
        self.plane.apply(
            *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in self.namespaces)
        )
        self.plane.apply(*(self._document(name, spec) for name in self.namespaces))
        return self

    def edit(self, **spec: Any) -> None:
        """Change all of them, as `kubectl apply` does."""
        self.plane.apply(*(self._document(name, spec) for name in self.namespaces))

    def demolish(self) -> None:
        """Delete all tenants, without waiting."""
        self.plane.kubectl("delete", "ct", "-A", "-l", f"street={self.namespaces[0]}", "--wait=false")

    def tenants(self) -> dict[str, dict[str, Any]]:
        """Namespace → tenant, of those that are there."""
        found = json.loads(self.plane.kubectl("get", "ct", "-A", "-l", f"street={self.namespaces[0]}", "-o", "json"))
        return {one["metadata"]["namespace"]: one for one in found["items"]}

    def ready(self) -> set[str]:
        """The namespaces whose tenant is Ready of its newest generation."""
        return {name for name, tenant in self.tenants().items() if is_ready(tenant)}

    def all_ready(self) -> bool:
        """All of them."""
        return self.ready() == set(self.namespaces)

    def gone(self) -> set[str]:
        """The namespaces that have no tenant any more."""
        return set(self.namespaces) - set(self.tenants())

    def versions(self) -> set[str]:
        """The versions that they say they run."""
        return {str(tenant.get("status", {}).get("version")) for tenant in self.tenants().values()}

    def objects(self, kinds: str = EVERYTHING) -> dict[str, list[tuple[str, str]]]:
        """Namespace → kind and name of everything of ours that is not on its way out; hashes in names left out."""
        label = f"{names.MANAGED_BY}={names.FIELD_MANAGER}"
        found = json.loads(self.plane.kubectl("get", kinds, "-A", "-l", label, "-o", "json"))["items"]
        return {
            namespace: sorted(_place(one) for one in found if one["metadata"]["namespace"] == namespace)
            for namespace in self.namespaces
        }

    def astray(self, model: Street) -> dict[str, set[tuple[str, str]]]:
        """What is in a hotel's namespace and not in that of the one hotel in the model's street, and the reverse; what
        is on its way gets some time."""
        (expected,) = map(set, model.objects().values())

        def found() -> dict[str, set[tuple[str, str]]]:
            return {name: strange for name, its in self.objects().items() if (strange := set(its) ^ expected)}

        wait_until(lambda: not found(), 30, found)
        return found()

    def _document(self, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
        made = tenant_document()
        made["metadata"] |= {"namespace": namespace, "labels": {"street": self.namespaces[0]}}
        made["spec"] |= {"profile": "compact", **spec}
        return made


def wait_until(condition: Callable[[], Any], seconds: float, what: Callable[[], Any] = str) -> float:
    """Until it holds; how long that took. `what` tells how far it came."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"it did not happen in time: {what()}"
        time.sleep(0.5)
    return time.monotonic() - began


def numbered(name: str, many: Iterable[int]) -> tuple[str, ...]:
    """Namespaces."""
    return tuple(f"{name}-{number}" for number in many)


def _place(live: dict[str, Any]) -> tuple[str, str]:
    return live["kind"], re.sub(r"-[0-9a-f]{10}$", "", live["metadata"]["name"])


def is_ready(tenant: dict[str, Any]) -> bool:
    """Of its newest generation."""
    return any(
        one["type"] == "Ready"
        and one["status"] == "True"
        and one["observedGeneration"] == tenant["metadata"]["generation"]
        for one in (tenant.get("status") or {}).get("conditions", ())
    )

"""One tenant in a test cluster: what a platform engineer does to it and sees of it."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from control_plane import Cluster
from rendered import ROOT

Document = dict[str, Any]


@cache
def _manifest(name: str) -> str:
    return (ROOT / "manifests" / f"{name}.yaml").read_text(encoding="utf-8")


def tenant_document(name: str = "minimal") -> Document:
    """The tenant of this file in manifests/."""
    documents = yaml.safe_load_all(_manifest(name))
    return copy.deepcopy(next(one for one in documents if one["kind"] == "ConciergeTenant"))


@dataclass(frozen=True)
class Hotel:
    """A namespace and the one tenant in it."""

    plane: Cluster
    namespace: str

    def apply(self, document: Document | None = None, **spec: Any) -> Hotel:
        """Apply the manifest as a user would, with these fields of its spec changed."""
        made = copy.deepcopy(document) if document is not None else tenant_document()
        made["metadata"]["namespace"] = self.namespace
        made["spec"] |= spec
        self.plane.apply(made)
        return self

    def edit(self, **spec: Any) -> Hotel:
        """Change fields of the spec, as `kubectl edit` does."""
        self.plane.kubectl(
            "patch", "ct", "-n", self.namespace, self.name, "--type=merge", "-p", json.dumps({"spec": spec})
        )
        return self

    @property
    def name(self) -> str:
        """The tenant's name."""
        return str(self.list("ct")[0]["metadata"]["name"])

    def list(self, kind: str) -> list[Document]:
        """All objects of this kind in the namespace."""
        found: list[Document] = json.loads(self.plane.kubectl("get", kind, "-n", self.namespace, "-o", "json"))["items"]
        return found

    def get(self, kind: str, name: str) -> Document | None:
        """One object, or None."""
        return next((one for one in self.list(kind) if one["metadata"]["name"] == name), None)

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """kubectl in the namespace."""
        return self.plane.kubectl("-n", self.namespace, *arguments, check=check)

    @property
    def status(self) -> Document:
        """The tenant's status."""
        return next((dict(one.get("status") or {}) for one in self.list("ct")), {})

    def condition(self, kind: str) -> Document:
        """The tenant's condition of this type; empty where it has none."""
        return next((one for one in self.status.get("conditions", ()) if one["type"] == kind), {})

    def wait(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait until it holds."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, (
                f"it did not happen in time; status: {json.dumps(self.status.get('conditions'))}"
            )
            time.sleep(0.2)
        return found

    def is_ready(self, seconds: float = 60) -> Hotel:
        """Wait until it is Ready, of its newest generation."""

        def ready() -> bool:
            tenant = self.list("ct")[0]
            shown = self.condition("Ready")
            return shown.get("status") == "True" and shown["observedGeneration"] == tenant["metadata"]["generation"]

        self.wait(ready, seconds)
        return self

    def stalls(self, reason: str, seconds: float = 60) -> str:
        """Wait until something keeps it from going on, for this reason; the sentence that tells it."""
        self.wait(lambda: (c := self.condition("Stalled")).get("status") == "True" and c["reason"] == reason, seconds)
        assert self.condition("Ready")["status"] == "False"
        return str(self.condition("Stalled")["message"])

    def pod_uids(self, component: str) -> set[str]:
        """The pods of a component."""
        return {
            pod["metadata"]["uid"]
            for pod in self.list("pods")
            if pod["metadata"]["labels"].get("app.kubernetes.io/component") == component
        }

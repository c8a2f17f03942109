"""The operator's own account in a test cluster: the chart's rights, and not one more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from control_plane import ControlPlane
from rendered import ROOT

NAMESPACE = "concierge-system"
_NAME = "concierge"
_RBAC = "rbac.authorization.k8s.io"


def operator_kubeconfig(plane: ControlPlane) -> Path:
    """Make namespace, account and rights as the chart does; a kubeconfig of that account."""
    rules = yaml.safe_load((ROOT / "charts" / "concierge" / "files" / "rules.yaml").read_text(encoding="utf-8"))
    named: dict[str, Any] = {"apiVersion": "v1", "metadata": {"name": NAMESPACE}}
    plane.apply({**named, "kind": "Namespace"})
    plane.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME, "namespace": NAMESPACE}},
        *_granted("ClusterRole", rules["everywhere"], None),
        *_granted("Role", rules["ownNamespace"], NAMESPACE),
    )
    token = plane.kubectl("create", "token", _NAME, "-n", NAMESPACE, "--duration=6h").strip()
    config = json.loads(plane.kubeconfig.read_text())
    config["users"] = [{"name": "admin", "user": {"token": token}}]
    path = plane.kubeconfig.with_name("operator.kubeconfig")
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path


def _granted(kind: str, rules: list[dict[str, Any]], namespace: str | None) -> list[dict[str, Any]]:
    metadata = {"name": _NAME} | ({"namespace": namespace} if namespace else {})
    subject = {"kind": "ServiceAccount", "name": _NAME, "namespace": NAMESPACE}
    reference = {"apiGroup": _RBAC, "kind": kind, "name": _NAME}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "subjects": [subject],
            "roleRef": reference,
        },
    ]

"""The operator's own account in a test cluster: the chart's rights, and not one more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from control_plane import ControlPlane
from rendered import ROOT

NAMESPACE = "concierge-system"
_RBAC = "rbac.authorization.k8s.io"


def operator_kubeconfig(
    plane: ControlPlane, name: str = "concierge", *, lacks: tuple[str, tuple[str, ...]] = ("", ())
) -> Path:
    """Make namespace, account and rights as the chart does; a kubeconfig of that account.

    `lacks`: a resource, and the verbs of it that somebody forgot to grant.
    """
    rules = yaml.safe_load((ROOT / "charts" / "concierge" / "files" / "rules.yaml").read_text(encoding="utf-8"))
    named: dict[str, Any] = {"apiVersion": "v1", "metadata": {"name": NAMESPACE}}
    plane.apply({**named, "kind": "Namespace"})
    plane.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}},
        *_granted(name, "ClusterRole", [part for rule in rules["everywhere"] for part in _without(rule, *lacks)], None),
        *_granted(name, "Role", [part for rule in rules["ownNamespace"] for part in _without(rule, *lacks)], NAMESPACE),
    )
    token = plane.kubectl("create", "token", name, "-n", NAMESPACE, "--duration=6h").strip()
    return signed_in(plane.kubeconfig, token, plane.kubeconfig.with_name(f"{name}.kubeconfig"))


def signed_in(kubeconfig: Path, token: str, path: Path) -> Path:
    """The same way to the cluster as whoever has this token, written to `path`."""
    config = json.loads(kubeconfig.read_text())
    config["users"] = [{"name": "admin", "user": {"token": token}}]
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path


def _without(rule: dict[str, Any], resource: str, verbs: tuple[str, ...]) -> list[dict[str, Any]]:
    if resource not in rule["resources"]:
        return [rule]
    others = [one for one in rule["resources"] if one != resource]
    left = [verb for verb in rule["verbs"] if verb not in verbs]
    parts = [{**rule, "resources": others}, {**rule, "resources": [resource], "verbs": left}]
    return [part for part in parts if part["resources"] and part["verbs"]]


def _granted(name: str, kind: str, rules: list[dict[str, Any]], namespace: str | None) -> list[dict[str, Any]]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
    reference = {"apiGroup": _RBAC, "kind": kind, "name": name}
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

"""The account that the chart gives to the operator, for operators that tests start: with its rights, and no others."""

from __future__ import annotations

import json
from pathlib import Path

from control_plane import ControlPlane
from helm import NAMESPACE, Helm

_OF_THE_ACCOUNT = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}


def operator_kubeconfig(plane: ControlPlane, folder: Path) -> Path:
    """A kubeconfig with a token of the chart's ServiceAccount; account and rights are made as the chart makes them."""
    made = [one for one in Helm(folder / "helm").objects({}) if one["kind"] in _OF_THE_ACCOUNT]
    plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *made)
    token = plane.kubectl("create", "token", "concierge", "-n", NAMESPACE, "--duration=10h").strip()
    config = json.loads(plane.kubeconfig.read_text(encoding="utf-8"))
    config["users"] = [{"name": "operator", "user": {"token": token}}]
    config["contexts"][0]["context"]["user"] = "operator"
    path = folder / "operator.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    path.chmod(0o600)
    return path

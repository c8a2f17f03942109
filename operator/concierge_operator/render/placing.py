"""What all pods of a tenant have in common: as few rights as there can be, where they run, whence their images come."""

from __future__ import annotations

from typing import Any, Final

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context

# Zones first: a lost zone takes more than a lost node. Neither keeps a pod from starting.
_APART: Final = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def placed_pod(ctx: Context) -> dict[str, Any]:
    """A bare pod where the tenant wants its pods."""
    return {**bare_pod(), **pull_secrets(ctx), **placement(ctx)}


def bare_pod() -> dict[str, Any]:
    """What every pod of ours has: no token, no root, the runtime's own filter of system calls."""
    return {
        "serviceAccountName": names.SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def hardened() -> dict[str, Any]:
    """What every container of ours has: as Pod Security's `restricted` wants it, and nothing to write to."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pull_secrets(ctx: Context) -> dict[str, Any]:
    """For a private registry; the databases' images may come from it as well."""
    names_of = ctx.spec.image.pull_secrets
    return {"imagePullSecrets": [{"name": name} for name in names_of]} if names_of else {}


def placement(ctx: Context) -> dict[str, Any]:
    """What the tenant says of nodes, in Kubernetes' words; nothing where it says nothing."""
    wanted = ctx.spec.scheduling.model_dump(by_alias=True, exclude_unset=True, mode="json")
    return {name: part for name, part in wanted.items() if part}


def apart(ctx: Context, component: Component) -> list[dict[str, Any]]:
    """Pods of a component on different zones and nodes, as far as there are some."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": names.selector(ctx.tenant, component)},
        }
        for key in _APART
    ]

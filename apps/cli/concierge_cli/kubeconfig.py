"""Which kubeconfig leads to the cluster, and into which namespace: found and read as kubectl does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from concierge_core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Way:
    """How to the cluster."""

    kubeconfig: str | None
    """Files, joined as in KUBECONFIG; None: the account of the pod that this runs in."""
    namespace: str
    """The current context's, where a command line names none."""


def way_to_cluster(named: str | None, environment: Mapping[str, str], *, context: str | None = None) -> Way:
    """`named` and `context` are the command line's. Raises `InvalidInput` where no file leads to a cluster."""
    wanted = [Path(part) for part in _wanted(named, environment).split(os.pathsep) if part]
    there = [path for path in wanted if path.exists()]
    if not there and named is None and "KUBERNETES_SERVICE_HOST" in environment:
        return Way(None, "default")
    if not there:
        raise _useless(os.pathsep.join(map(str, wanted)), "there is no such file")
    files = os.pathsep.join(map(str, there))
    return Way(files, _namespace(files, [_read(path) for path in there], context))


def _wanted(named: str | None, environment: Mapping[str, str]) -> str:
    return named or environment.get("KUBECONFIG") or str(Path(environment.get("HOME", "~")) / ".kube" / "config")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _useless(path, f"can't be read ({type(error).__name__})") from None
    except yaml.YAMLError:
        raise _useless(path, "is not valid YAML") from None
    if found is None:
        raise _useless(path, "is empty")
    if not isinstance(found, dict):
        raise _useless(path, "is not a kubeconfig")
    return found


def _namespace(files: str, parts: list[dict[str, Any]], wanted: str | None) -> str:
    """Of the context that is wanted, else of the first file that names a current one, as kubectl takes it."""
    current = wanted or next((part["current-context"] for part in parts if part.get("current-context")), None)
    if current is None:
        raise InvalidInput(
            "kubeconfig", f"{files} names no current context; choose one with: kubectl config use-context NAME"
        )
    contexts = [context for part in parts for context in part.get("contexts") or () if context.get("name") == current]
    if not contexts:
        raise InvalidInput(
            "kubeconfig", f'{files} has no context "{current}"; choose one with: kubectl config use-context NAME'
        )
    return str((contexts[0].get("context") or {}).get("namespace") or "default")


def _useless(place: Path | str, what: str) -> InvalidInput:
    return InvalidInput(
        "kubeconfig",
        f"{place}: {what}, so it is not known where the cluster is. Name its kubeconfig with --kubeconfig FILE or in "
        "the variable KUBECONFIG.",
    )

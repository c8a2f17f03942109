"""Who changed a field that is ours, told from what the API server notes about every writer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def drifted(desired: Mapping[str, Any], live: Mapping[str, Any]) -> list[Path]:
    """Fields that we say and that are otherwise in the live object. What the object has beyond ours is no drift.

    A list is compared entry by entry where entries have a name, else as a whole.
    """
    return list(_differences(desired, live, ()))


def authors(live: Mapping[str, Any], paths: list[Path], *, ours: str) -> list[str]:
    """Names of the other field managers that own one of these fields now, sorted."""
    found: set[str] = set()
    for entry in live.get("metadata", {}).get("managedFields", ()):
        if entry.get("manager") != ours and any(_owns(entry.get("fieldsV1", {}), path) for path in paths):
            found.add(str(entry.get("manager")))
    return sorted(found)


def _differences(desired: Any, live: Any, path: Path) -> Iterator[Path]:
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        for name, value in desired.items():
            if name not in live:
                if value not in ({}, [], None):
                    yield (*path, name)
            else:
                yield from _differences(value, live[name], (*path, name))
    elif isinstance(desired, list) and isinstance(live, list):
        yield from _in_lists(desired, live, path)
    elif desired != live:
        yield path


def _in_lists(desired: list[Any], live: list[Any], path: Path) -> Iterator[Path]:
    named = {entry["name"]: entry for entry in live if isinstance(entry, Mapping) and "name" in entry}
    if not all(isinstance(entry, Mapping) and "name" in entry for entry in desired) or not named:
        if len(desired) != len(live) or any(
            True for a, b in zip(desired, live, strict=True) for _ in _differences(a, b, ())
        ):
            yield path
        return
    for entry in desired:
        if entry["name"] in named:
            yield from _differences(entry, named[entry["name"]], (*path, entry["name"]))
        else:
            yield (*path, entry["name"])


def _owns(fields: Mapping[str, Any], path: Path) -> bool:
    """The tree of owned fields ("f:name", "k:{…}" for list entries) reaches to this path, or ends on the way to it."""
    if not path:
        return True
    step, rest = path[0], path[1:]
    below = fields.get(f"f:{step}")
    if below is None:
        below = next((v for k, v in fields.items() if k.startswith("k:") and f'"name":"{step}"' in k), None)
    if below is None:
        return False
    return _owns(below, rest) if below else True


_CLUSTER = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "k8s-")
"""Managers that belong to Kubernetes: what they add is how it works."""


def additions(live: Mapping[str, Any], *, ours: str) -> dict[str, list[str]]:
    """What others have put beside our fields: manager → dotted paths, sorted; Kubernetes' own is left out, and so is
    an object that has no field of ours."""
    found: dict[str, set[str]] = {}
    entries = live.get("metadata", {}).get("managedFields", ())
    for entry in entries if any(str(entry.get("manager")).startswith(ours) for entry in entries) else ():
        manager = str(entry.get("manager"))
        if manager.startswith((ours, *_CLUSTER)) or entry.get("subresource"):
            continue
        found.setdefault(manager, set()).update(_leaf_paths(entry.get("fieldsV1", {}), ()))
    return {manager: sorted(paths) for manager, paths in sorted(found.items()) if paths}


def _leaf_paths(fields: Mapping[str, Any], path: Path) -> Iterator[str]:
    for name, below in fields.items():
        if name == ".":
            continue
        step = name.partition(":")[2] if name.startswith("f:") else name
        if below and set(below) != {"."}:
            yield from _leaf_paths(below, (*path, step))
        else:
            yield ".".join((*path, step))

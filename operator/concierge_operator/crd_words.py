"""What `kubectl explain` says beyond a field's meaning: its default, which the schema itself leaves out on purpose, and
that this version does not use it."""

from __future__ import annotations

import json
from typing import Any

from concierge_core.tenant.reach import LATER, reach_of

Node = dict[str, Any]


def add_words(node: Node, known: Node, path: str) -> None:
    """Lengthen the descriptions below `node`. `known` is the same schema with defaults, `path` where it stands."""
    for name, part in node.get("properties", {}).items():
        below, told = f"{path}.{name}", known["properties"][name]
        words = [part.get("description", ""), _unused(below), _default(told)]
        if any(words[1:]):
            part["description"] = " ".join(filter(None, words))
        add_words(part, told, below)
    for key, step in (("items", "[]"), ("additionalProperties", ".<name>")):
        if key in node:
            add_words(node[key], known[key], f"{path}{step}")


def _unused(path: str) -> str:
    """Said once, of the field or section itself; a class's defaults are fields of the tenant."""
    own = path.replace("spec.defaults.", "spec.", 1)
    return reach_of(own) if own in LATER else ""


def _default(told: Node) -> str:
    default = told.get("default")
    said = json.dumps(default, ensure_ascii=False)
    return f"Default: {said}." if isinstance(default, str | int | float) else ""

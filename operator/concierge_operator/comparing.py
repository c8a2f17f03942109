"""What applying would change in a live object, told field by field; and which pods it would restart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Live = Mapping[str, Any]
_LONGEST = 100
_BOOKKEEPING = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")


@dataclass(frozen=True, slots=True)
class Change:
    """One field: dotted path, what it is, what it would be (None: absent)."""

    path: str
    before: Any
    after: Any

    def told(self) -> str:
        """One line."""
        return f"{self.path}: {_short(self.before)} → {_short(self.after)}"


def changes(live: Live | None, applied: Live) -> list[Change]:
    """Between the object as it is (None: it would be made) and as the server says it would be after an apply."""
    return list(_between(_plain(live or {}), _plain(applied), ""))


def restarts(kind: str, found: list[Change]) -> bool:
    """The change is in a pod template, so pods are replaced."""
    return kind in ("Deployment", "StatefulSet") and any(c.path.startswith("spec.template.") for c in found)


def _plain(live: Live) -> dict[str, Any]:
    made = {name: part for name, part in live.items() if name != "status"}
    if "metadata" in made:
        made["metadata"] = {name: part for name, part in made["metadata"].items() if name not in _BOOKKEEPING}
    return made


def _between(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from _between(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif _named(before) and _named(after):
        olds, news = ({entry["name"]: entry for entry in side} for side in (before, after))
        for name in sorted({*olds, *news}):
            yield from _between(olds.get(name), news.get(name), f"{path}[{name}]")
    elif before != after:
        yield Change(path, before, after)


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) and "name" in entry for entry in value)


def _short(value: Any) -> str:
    if value is None:
        return "(nothing)"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

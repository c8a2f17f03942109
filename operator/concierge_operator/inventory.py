"""What the operator noted of each object that it made, as one line an object in the tenant's status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from concierge_operator.sightings import Place

LINE: Final = r"^[A-Za-z]+/[a-z0-9.-]+ [0-9a-f]{10} ([0-9a-f]{10}|-)$"
"""Kind/name, fingerprint of what was applied, fingerprint of the fields that were ours after that."""


@dataclass(frozen=True, slots=True)
class Note:
    """Of one object: what was applied last, and which fields were ours after that (empty: none)."""

    hash: str
    owned: str


Inventory = dict[Place, Note]


def written(inventory: Inventory) -> list[str]:
    """As the status holds it, in a fixed order."""
    return [f"{kind}/{name} {note.hash} {note.owned or '-'}" for (kind, name), note in sorted(inventory.items())]


def inventory_of(lines: Iterable[str]) -> Inventory:
    """The same, read; lines are of the form `LINE`."""
    found: Inventory = {}
    for line in lines:
        place, made, owned = line.split(" ")
        kind, _, name = place.partition("/")
        found[kind, name] = Note(made, owned.replace("-", ""))
    return found

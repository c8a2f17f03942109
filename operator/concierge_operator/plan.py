"""What to do about each rendered object, and which of ours to take away: decided from what was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from concierge_operator import names
from concierge_operator.inventory import Note
from concierge_operator.sightings import Place, Sighting

Manifest = dict[str, Any]


class Deed(StrEnum):
    """What to do about one object."""

    NOTHING = "nothing"
    """It is as we made it: no request at all."""
    APPLY = "apply"
    MEND = "mend"
    """Somebody changed or deleted what is ours."""
    MAKE = "make"
    """It is not known; somebody else may have one of its name all the same."""
    WAIT = "wait"
    """One of its name is on its way out."""
    REFUSE = "refuse"
    """Somebody else's object has its name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One object and the deed. `hash` is the fingerprint of the manifest."""

    deed: Deed
    manifest: Manifest
    hash: str

    @property
    def place(self) -> Place:
        """Where it is."""
        return place_of(self.manifest)


@dataclass(frozen=True, slots=True)
class Owner:
    """The tenant that owns what is made."""

    name: str
    uid: str


def place_of(manifest: Mapping[str, Any]) -> Place:
    """Kind and name."""
    return manifest["kind"], manifest["metadata"]["name"]


def owned_by(owner: Owner, manifest: Manifest, api_version: str, kind: str) -> Manifest:
    """The manifest with a reference to its tenant, so that it goes when the tenant goes."""
    reference = {
        "apiVersion": api_version,
        "kind": kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": [reference]}}


def steps(
    desired: Iterable[Manifest],
    inventory: Mapping[Place, Note],
    seen: Mapping[Place, Sighting],
    tenant_uid: str,
) -> list[Step]:
    """One step for each rendered object, in order."""
    return [_step(manifest, inventory, seen, tenant_uid) for manifest in desired]


def _step(
    manifest: Manifest,
    inventory: Mapping[Place, Note],
    seen: Mapping[Place, Sighting],
    tenant_uid: str,
) -> Step:
    made = names.fingerprint(manifest)
    place = place_of(manifest)
    return Step(_deed(made, inventory.get(place), seen.get(place), tenant_uid), manifest, made)


def _deed(made: str, noted: Note | None, live: Sighting | None, tenant_uid: str) -> Deed:
    if live is None:
        return Deed.MAKE
    if live.deleting:
        return Deed.WAIT
    if live.tenant_uid != tenant_uid:
        # A tenant of the same name was here before; its objects follow it when the cluster tidies up.
        return Deed.WAIT if live.tenant_uid and live.owned else Deed.REFUSE
    if noted is None or noted.hash != made:
        return Deed.APPLY
    return Deed.NOTHING if noted.owned == live.owned else Deed.MEND


def kept(inventory: Mapping[Place, Note], rendered: Iterable[Manifest]) -> dict[Place, Note]:
    """The notes of what is rendered now: others are never asked for, and a status has room for so many only."""
    return {place: note for one in rendered if (note := inventory.get(place := place_of(one))) is not None}


def leftovers(
    desired: Iterable[Manifest], seen: Mapping[Place, Sighting], tenant_uid: str, *, settled: bool
) -> list[tuple[Place, Sighting]]:
    """Objects that we made for this tenant and that are no longer rendered.

    What pods of the version before may still mount, or what recorded a deed, goes only when everything is `settled`.
    """
    wanted = {place_of(manifest) for manifest in desired}
    return [
        (place, live)
        for place, live in sorted(seen.items())
        if place not in wanted
        and live.owned
        and live.tenant_uid == tenant_uid
        and not live.deleting
        and (settled or place[0] not in ("ConfigMap", "Job"))
    ]

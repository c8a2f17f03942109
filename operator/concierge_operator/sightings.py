"""What is known of the objects in the cluster, from watches and from our own writes: small facts, never whole objects.

Whether an object still is as we made it is told from the list of fields that the API server says are ours: a field that
somebody else changes is taken out of it. That holds for every kind, across restarts, and needs the metadata only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any

from concierge_operator import names
from concierge_operator.departed import Departed
from concierge_operator.kinds import Resource
from concierge_operator.observe import Verdict, verdict_of

Live = Mapping[str, Any]
Place = tuple[str, str]
"""Kind and name of an object in a namespace."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object, as last seen. `owned` is the fingerprint of the fields that are ours; empty when none is."""

    uid: str
    version: int
    owned: str
    tenant_uid: str
    deleting: bool
    verdict: Verdict | None


def sighting(resource: Resource, live: Live) -> Sighting:
    """From the object, or from its metadata alone."""
    metadata = live["metadata"]
    return Sighting(
        uid=metadata["uid"],
        version=int(metadata["resourceVersion"]),
        owned=owned_fields(live),
        tenant_uid=intern(metadata.get("labels", {}).get(names.TENANT_UID, "")),  # one for all of a tenant's objects
        deleting="deletionTimestamp" in metadata,
        verdict=verdict_of(resource.kind, live),
    )


def owned_fields(live: Live) -> str:
    """Fingerprint of the fields that we applied and nobody took from us."""
    for entry in live["metadata"].get("managedFields", ()):
        if entry.get("manager") == names.FIELD_MANAGER and entry.get("operation") == "Apply":
            return names.fingerprint(entry.get("fieldsV1", {}))
    return ""


class Sightings:
    """The newest sighting of each object, by namespace. Older news of the same object is passed over."""

    def __init__(self) -> None:
        self._of: dict[str, dict[Place, Sighting]] = {}
        self._departed = Departed()

    def put(self, resource: Resource, live: Live) -> bool:
        """Note the object. True when that is news that matters."""
        if live["metadata"]["uid"] in self._departed:
            return False
        # Every tenant has objects of the same names: each name is kept once.
        place = (resource.kind, intern(live["metadata"]["name"]))
        there = self._of.setdefault(live["metadata"]["namespace"], {})
        made, before = sighting(resource, live), there.get(place)
        if before is not None and before.uid == made.uid and before.version >= made.version:
            return False
        there[place] = made
        return before is None or _matters(before, made)

    def drop(self, resource: Resource, live: Live) -> bool:
        """The object is gone. False when another of its name is known to be there."""
        self._departed.add(live["metadata"]["uid"])
        place = (resource.kind, live["metadata"]["name"])
        there = self._of.get(live["metadata"]["namespace"], {})
        known = there.get(place)
        if known is None or known.uid != live["metadata"]["uid"]:
            return False
        del there[place]
        return True

    def of(self, namespace: str) -> Mapping[Place, Sighting]:
        """Everything of ours in this namespace."""
        return self._of.get(namespace, {})

    def forget_missing(self, resource: Resource, present: set[tuple[str, str]]) -> Iterator[str]:
        """After a new list: drop what is not in it, as (namespace, name); the namespaces that lost something."""
        for namespace, there in self._of.items():
            gone = [p for p in there if p[0] == resource.kind and (namespace, p[1]) not in present]
            for place in gone:
                del there[place]
            if gone:
                yield namespace

    def forget(self, namespace: str) -> None:
        """The namespace has no tenant any more."""
        self._of.pop(namespace, None)


def _matters(before: Sighting, now: Sighting) -> bool:
    """Usage figures, counters and the like change an object without mattering to us."""
    return (before.uid, before.owned, before.tenant_uid, before.deleting, before.verdict) != (
        now.uid,
        now.owned,
        now.tenant_uid,
        now.deleting,
        now.verdict,
    )

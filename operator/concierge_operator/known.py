"""The tenants and classes that the cluster told us of: kept small, as packed JSON, never older than our writes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from concierge_operator import names
from concierge_operator.departed import Departed

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a class's rollout asks of a tenant."""

    own_version: str | None
    """The version that the tenant itself names; the class then has no say."""
    assigned: str | None
    assigned_at: str | None
    ran: str | None
    """The version with which it was Ready last."""
    ready: bool
    """It is Ready of its newest generation."""
    unready_since: str | None
    labels: tuple[tuple[str, str], ...]
    leaving: bool
    """It is being deleted."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One tenant or class. `key` is "namespace/name", or "/name" for a class."""

    key: str
    uid: str
    version: int
    trigger: str
    """Fingerprint of everything that asks for work: what people write, and the version that a class gives."""
    class_name: str
    namespace: str
    created: str
    turn: Turn
    named_numbers: frozenset[str]
    """Telephone numbers in its spec, whether or not they are in use."""
    held_numbers: frozenset[str]
    """Those that lead to it, or are about to."""
    _packed: bytes

    def document(self) -> Document:
        """The whole object."""
        made: Document = orjson.loads(zlib.decompress(self._packed))
        return made


def key_of(document: Mapping[str, Any]) -> str:
    """The object's key."""
    metadata = document["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def paper(document: Mapping[str, Any]) -> Paper:
    """From an object as the API server gives it; who wrote which field is left out."""
    metadata = {name: part for name, part in document["metadata"].items() if name != "managedFields"}
    kept = {**document, "metadata": metadata}
    return Paper(
        key=key_of(document),
        uid=metadata["uid"],
        version=int(metadata["resourceVersion"]),
        trigger=_trigger(document),
        class_name=((document.get("spec") or {}).get("classRef") or {}).get("name", ""),
        namespace=metadata.get("namespace", ""),
        created=metadata.get("creationTimestamp", ""),
        turn=_turn(document),
        named_numbers=_named_numbers(document),
        held_numbers=_held_numbers(document),
        _packed=zlib.compress(orjson.dumps(kept), 1),
    )


def _turn(document: Mapping[str, Any]) -> Turn:
    metadata, status = document["metadata"], document.get("status") or {}
    told: Mapping[str, Any] = next((one for one in status.get("conditions", ()) if one.get("type") == "Ready"), {})
    holds = told.get("status") == "True"
    return Turn(
        own_version=(document.get("spec") or {}).get("version"),
        assigned=status.get("assignedVersion"),
        assigned_at=status.get("assignedAt"),
        ran=status.get("version"),
        ready=holds and told.get("observedGeneration") == metadata.get("generation"),
        unready_since=None if holds else told.get("lastTransitionTime"),
        labels=tuple(sorted((metadata.get("labels") or {}).items())),
        leaving="deletionTimestamp" in metadata,
    )


def _held_numbers(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one["number"] for one in (document.get("status") or {}).get("numbers") or ())


def _named_numbers(document: Mapping[str, Any]) -> frozenset[str]:
    spec = document.get("spec") or {}
    voice, messaging = spec.get("voice") or {}, spec.get("messaging") or {}
    places = (voice.get("twilio"), messaging.get("twilio"), messaging.get("sms"))
    return frozenset(place["number"] for place in places if place and place.get("number"))


def _trigger(document: Mapping[str, Any]) -> str:
    metadata, status = document["metadata"], document.get("status") or {}
    parts = [metadata.get(name) for name in ("uid", "generation", "labels", "annotations", "deletionTimestamp")]
    return names.fingerprint([*parts, status.get("assignedVersion")])


class Known:
    """Objects of one kind, by key. Older news of the same object is passed over."""

    def __init__(self) -> None:
        self._papers: dict[str, Paper] = {}
        self._keys_in: dict[str, set[str]] = {}
        self._keys_with: dict[str, set[str]] = {}
        self._departed = Departed()

    def __len__(self) -> int:
        return len(self._papers)

    def put(self, document: Mapping[str, Any]) -> bool:
        """Note the object. True when it asks for work."""
        if document["metadata"]["uid"] in self._departed:
            return False
        made = paper(document)
        before = self._papers.get(made.key)
        if before is not None and before.uid == made.uid and before.version >= made.version:
            return False
        if before is not None:
            self._take_out(before)
        self._papers[made.key] = made
        self._keys_in.setdefault(made.namespace, set()).add(made.key)
        for number in made.named_numbers | made.held_numbers:
            self._keys_with.setdefault(number, set()).add(made.key)
        return before is None or before.trigger != made.trigger

    def drop(self, document: Mapping[str, Any]) -> bool:
        """The object is gone. False when another of its name is known."""
        key = key_of(document)
        self._departed.add(document["metadata"]["uid"])
        known = self._papers.get(key)
        if known is None or known.uid != document["metadata"]["uid"]:
            return False
        self._take_out(known)
        return True

    def drop_missing(self, present: set[str], version: int) -> list[Paper]:
        """After a whole list of that resource version: drop what is not in it, by uid; what was dropped.

        Objects that came after the list was made are not meant.
        """
        gone = [paper for paper in self if paper.uid not in present and paper.version <= version]
        for paper in gone:
            self._take_out(paper)
        return gone

    def _take_out(self, paper: Paper) -> None:
        del self._papers[paper.key]
        _discard(self._keys_in, paper.namespace, paper.key)
        for number in paper.named_numbers | paper.held_numbers:
            _discard(self._keys_with, number, paper.key)

    def get(self, key: str) -> Paper | None:
        """The object of this key."""
        return self._papers.get(key)

    def in_namespace(self, namespace: str) -> list[Paper]:
        """The objects of this namespace, the oldest first."""
        found = [self._papers[key] for key in self._keys_in.get(namespace, ())]
        return sorted(found, key=lambda paper: (paper.created, paper.key))

    def of_class(self, name: str) -> list[Paper]:
        """The tenants that name this class."""
        return [paper for paper in self._papers.values() if paper.class_name == name]

    def with_number(self, numbers: Iterable[str]) -> list[Paper]:
        """The tenants that name or hold one of these telephone numbers."""
        keys = {key for number in numbers for key in self._keys_with.get(number, ())}
        return [self._papers[key] for key in sorted(keys)]

    def __iter__(self) -> Iterator[Paper]:
        return iter(list(self._papers.values()))


def _discard(keys_by: dict[str, set[str]], name: str, key: str) -> None:
    keys_by[name].discard(key)
    if not keys_by[name]:
        del keys_by[name]

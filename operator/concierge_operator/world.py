"""Everything that one operator knows of its cluster, and who is asked to look again when it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from concierge_operator.kinds import CLASSES, SECRETS, Resource
from concierge_operator.known import Known, Paper, key_of
from concierge_operator.queue import Priority
from concierge_operator.refusals import Refusal
from concierge_operator.secret_book import SecretBook
from concierge_operator.sightings import Sightings

Live = dict[str, Any]
Ask = Callable[[str, Priority], None]


@dataclass(slots=True)
class World:
    """Filled by watches and by our own writes."""

    ask: Ask
    """Puts a key into the work queue."""
    tenants: Known = field(default_factory=Known)
    classes: Known = field(default_factory=Known)
    sightings: Sightings = field(default_factory=Sightings)
    secrets: SecretBook = field(default_factory=SecretBook)
    offered: frozenset[str] = frozenset()
    unseen: dict[Resource, Refusal] = field(default_factory=dict)
    """Kinds that may not be listed, and what the server says to it."""

    def tenant_event(self, kind: str, document: Live) -> None:
        """A tenant is, was changed, or is gone; and with it its class has something to look at."""
        key = key_of(document)
        before = self.tenants.get(key)
        if kind == "DELETED":
            if self.tenants.drop(document):
                self._left(key, document["metadata"]["namespace"])
        elif self.tenants.put(document):
            self.ask(key, Priority.RESYNC if kind == "" else Priority.EDIT)
        now = self.tenants.get(key)
        self._numbers_moved(before, now)
        for name in {paper.class_name for paper in (before, now) if paper is not None} - {""}:
            self.ask(f"/{name}", Priority.RESYNC)

    def written(self, document: Live) -> None:
        """A tenant as it is after a write of ours. Somebody's edit may be in it that no watch has told yet: the watch's
        own news of it will be old news then, so it is acted on here."""
        key = key_of(document)
        before = self.tenants.get(key)
        if self.tenants.put(document):
            self.ask(key, Priority.EDIT)
        self._numbers_moved(before, self.tenants.get(key))

    def recounted(self, resource: Resource, present: set[str], version: int) -> None:
        """All tenants or classes were listed anew: these uids are there. Others were deleted while nobody listened."""
        if resource == CLASSES:
            for paper in self.classes.drop_missing(present, version):
                self._brand_changed(paper.key)
            return
        for paper in self.tenants.drop_missing(present, version):
            self._left(paper.key, paper.namespace)
            self._numbers_moved(paper, None)
            if paper.class_name:
                self.ask(f"/{paper.class_name}", Priority.RESYNC)

    def class_event(self, kind: str, document: Live) -> None:
        """A class is, was changed, or is gone: it and all its tenants are looked at."""
        changed = self.classes.drop(document) if kind == "DELETED" else self.classes.put(document)
        if changed:
            self._brand_changed(key_of(document))

    def _brand_changed(self, key: str) -> None:
        self.ask(key, Priority.EDIT)
        for paper in self.tenants.of_class(key.removeprefix("/")):
            self.ask(paper.key, Priority.RESYNC)

    def seen(self, resource: Resource, live: Live) -> None:
        """A child or a Secret is, or was changed."""
        namespace = live["metadata"]["namespace"]
        if resource == SECRETS:
            if self._has_tenant(namespace) and self.secrets.seen(live):
                self._ask_all(namespace)
            return
        known = (resource.kind, live["metadata"]["name"]) in self.sightings.of(namespace)
        if self.sightings.put(resource, live):
            # What is seen for the first time is mostly a list that is read; whoever edits then need not wait for all.
            self._ask_all(namespace, Priority.NEWS if known else Priority.RESYNC)

    def gone(self, resource: Resource, live: Live) -> None:
        """A child or a Secret was deleted."""
        dropped = self.secrets.gone(live) if resource == SECRETS else self.sightings.drop(resource, live)
        if dropped:
            self._ask_all(live["metadata"]["namespace"])

    def listed(self, resource: Resource, present: set[tuple[str, str]]) -> None:
        """All of a kind were listed anew."""
        if resource == SECRETS:
            lost = set(self.secrets.listed(present))
        else:
            lost = set(self.sightings.forget_missing(resource, present))
        for namespace in lost:
            self._ask_all(namespace)

    def forbidden(self, resource: Resource, refused: Refusal | None) -> None:
        """Objects of this kind may not be seen, or may again: every tenant is told."""
        if refused is None:
            self.unseen.pop(resource, None)
        else:
            self.unseen[resource] = refused
        for paper in self.tenants:
            self.ask(paper.key, Priority.RESYNC)

    def _ask_all(self, namespace: str, priority: Priority = Priority.NEWS) -> None:
        for paper in self.tenants.in_namespace(namespace):
            self.ask(paper.key, priority)

    def _has_tenant(self, namespace: str) -> bool:
        return bool(self.tenants.in_namespace(namespace))

    def _numbers_moved(self, before: Paper | None, now: Paper | None) -> None:
        """A tenant has let go of telephone numbers: whoever waits for one of them has its turn."""
        if before is None:
            return
        named, held = (now.named_numbers, now.held_numbers) if now is not None else (frozenset(), frozenset())
        freed = (before.named_numbers - named) | (before.held_numbers - held)
        for paper in self.tenants.with_number(freed):
            if paper.key != before.key:
                self.ask(paper.key, Priority.NEWS)

    def _left(self, key: str, namespace: str) -> None:
        """A tenant is gone: what was kept of it is let go of, and whoever waited for its namespace has its turn."""
        self.ask(key, Priority.RESYNC)
        if self._has_tenant(namespace):
            self._ask_all(namespace)
        else:
            self.sightings.forget(namespace)
            self.secrets.forget(namespace)

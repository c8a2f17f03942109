"""What is known of the Secrets beside tenants: versions from a watch of their metadata, fingerprints of contents.

A content is read once per version, and after a restart not at all: the tenant's status remembers the fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterable

from concierge_operator import names
from concierge_operator.cluster import Cluster, Manifest
from concierge_operator.generated import fingerprint_key, missing, new_secret
from concierge_operator.kinds import SECRETS, TENANTS
from concierge_operator.refusals import Refusal, Retry
from concierge_operator.render.context import Context
from concierge_operator.secret_marks import content_mark, used_keys, used_names
from concierge_operator.status_model import MOST_KEYS, SecretMark

Place = tuple[str, str]
"""Namespace and name."""


class SecretBook:
    """The Secrets of all tenants' namespaces."""

    def __init__(self) -> None:
        self._versions: dict[Place, str] = {}
        self._marks: dict[Place, SecretMark | None] = {}

    def seen(self, live: Manifest) -> bool:
        """A Secret is, or was changed. True when a tenant uses it and has to be looked at."""
        metadata = live["metadata"]
        place = (metadata["namespace"], metadata["name"])
        if self._versions.get(place) == metadata["resourceVersion"]:
            return False
        self._versions[place] = metadata["resourceVersion"]
        mark = self._marks.get(place)
        return place in self._marks and (mark is None or mark.version != metadata["resourceVersion"])

    def gone(self, live: Manifest) -> bool:
        """A Secret was deleted. True when a tenant uses it."""
        place = (live["metadata"]["namespace"], live["metadata"]["name"])
        self._versions.pop(place, None)
        return place in self._marks

    def listed(self, present: set[Place]) -> Iterable[str]:
        """After a whole list: the namespaces in which something that is used is gone."""
        lost = [place for place in self._versions if place not in present]
        for place in lost:
            del self._versions[place]
        return {place[0] for place in lost if place in self._marks}

    def forget(self, namespace: str) -> None:
        """The namespace has no tenant any more."""
        for book in (self._versions, self._marks):
            for place in [place for place in book if place[0] == namespace]:
                del book[place]

    async def marks(self, ctx: Context, noted: Iterable[SecretMark], cluster: Cluster) -> dict[str, SecretMark | None]:
        """Every Secret that the tenant uses: its mark, or None where there is none. Makes the generated one."""
        before = {mark.name: mark for mark in noted}
        used = used_names(ctx)
        wanted = _keys(ctx)
        known: dict[str, SecretMark | None] = {}
        for name in used:
            mark = self._known(ctx.namespace, name, before.get(name))
            known[name] = mark if mark is not None and _tells_all(mark, wanted.get(name, set())) else None
        if all(mark is not None for mark in known.values()):
            return known
        generated = await self._generated(ctx, cluster, had_one=names.GENERATED_SECRET in before)
        key, own = fingerprint_key(generated), names.GENERATED_SECRET
        known[own] = known[own] or self._note(ctx.namespace, own, generated, key, wanted.get(own, set()))
        for name in (name for name, mark in known.items() if mark is None):
            known[name] = await self._read(ctx.namespace, name, key, cluster, wanted.get(name, set()))
        return known

    def _known(self, namespace: str, name: str, noted: SecretMark | None) -> SecretMark | None:
        place = (namespace, name)
        version = self._versions.get(place)
        for mark in (self._marks.get(place), noted):
            if mark is not None and version is not None and mark.version == version:
                self._marks[place] = mark
                return mark
        return None

    async def _read(
        self, namespace: str, name: str, key: bytes, cluster: Cluster, wanted: set[str]
    ) -> SecretMark | None:
        return self._note(namespace, name, await cluster.get(SECRETS, name, namespace), key, wanted)

    def _note(
        self, namespace: str, name: str, live: Manifest | None, key: bytes, wanted: set[str]
    ) -> SecretMark | None:
        mark = None
        if live is not None:
            version = live["metadata"]["resourceVersion"]
            self._versions[namespace, name] = version
            keys = sorted(sorted(live.get("data") or {}, key=lambda one: (one not in wanted, one))[:MOST_KEYS])
            mark = SecretMark(name=name, version=version, fingerprint=content_mark(key, live), keys=keys)
        self._marks[namespace, name] = mark
        return mark

    async def _generated(self, ctx: Context, cluster: Cluster, *, had_one: bool) -> Manifest:
        """The tenant's own passwords and keys; made, or completed, where they are missing."""
        # A new tenant has none, so far as the watch tells: to make it is to ask whether it is there.
        known = (ctx.namespace, names.GENERATED_SECRET) in self._versions
        live = await self._there(ctx, cluster) if known else None
        if live is None:
            if had_one and not await _lives(ctx, cluster):  # made anew, it would be nobody's and stay for ever
                raise Retry("the tenant is going, and news of it is on its way")
            made = await self._made(ctx, cluster)
            if made is not None:
                return made
            live = await self._there(ctx, cluster)
        if live is None:
            raise Retry("the Secret with its passwords comes and goes")
        lacks = missing(live)
        if lacks:
            patch = {"metadata": {"resourceVersion": live["metadata"]["resourceVersion"]}, "data": lacks}
            return await cluster.merge(SECRETS, names.GENERATED_SECRET, ctx.namespace, patch)
        return live

    async def _there(self, ctx: Context, cluster: Cluster) -> Manifest | None:
        return await cluster.get(SECRETS, names.GENERATED_SECRET, ctx.namespace)

    async def _made(self, ctx: Context, cluster: Cluster) -> Manifest | None:
        """None where there is one already."""
        try:
            return await cluster.create(SECRETS, new_secret(ctx, missing(None)), manager=names.FIELD_MANAGER)
        except Refusal as refused:
            if refused.status == 409:
                return None
            raise


async def _lives(ctx: Context, cluster: Cluster) -> bool:
    """Asked of the cluster: who has just begun to lead may not have heard yet that the tenant was deleted."""
    live = await cluster.get(TENANTS, ctx.tenant, ctx.namespace, only_metadata=True)
    told = live["metadata"] if live is not None else {}
    return told.get("uid") == ctx.uid and "deletionTimestamp" not in told


def _keys(ctx: Context) -> dict[str, set[str]]:
    """Name of a Secret → its keys that pods can't start without."""
    found: dict[str, set[str]] = {}
    for ref in used_keys(ctx):
        found.setdefault(ref.name, set()).add(ref.key)
    return found


def _tells_all(mark: SecretMark, wanted: set[str]) -> bool:
    """A mark has room for so many keys; of a Secret with more, those are left out that were not needed then."""
    return len(mark.keys) < MOST_KEYS or wanted <= set(mark.keys)

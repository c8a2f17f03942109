"""List, then watch, for ever: the children of all tenants and the Secrets beside them, as metadata where it is enough.

Kopf watches what people write (tenants, classes). The rest is watched here, since there are thirty times as many of
them and Kopf keeps a memory and a task for each object (docs/decisions has the measurement).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from concierge_core.ports import Clock
from concierge_operator import meters
from concierge_operator.cluster import Cluster
from concierge_operator.kinds import Resource
from concierge_operator.refusals import AwayError, Refusal

Manifest = dict[str, Any]
_LONGEST_PAUSE_SECONDS = 30.0
_TOO_SHORT_SECONDS = 1.0
"""A watch that ends sooner is being cut off by something; it is begun again ever more slowly."""
_TAKEN_FOR_GOOD = 3
"""So many refusals in a row; an API server that has just begun may refuse what it grants a moment later."""

_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Hears of the objects of one kind."""

    def seen(self, resource: Resource, live: Manifest) -> None:
        """An object is, or was changed."""

    def gone(self, resource: Resource, live: Manifest) -> None:
        """An object was deleted."""

    def listed(self, resource: Resource, present: set[tuple[str, str]]) -> None:
        """A whole list was read: (namespace, name) of all that are there."""

    def forbidden(self, resource: Resource, refused: Refusal | None) -> None:
        """These objects may not be seen, for a while already; None: they may again."""


@dataclass(frozen=True, slots=True)
class View:
    """What to watch."""

    resource: Resource
    labels: Mapping[str, str] | None
    only_metadata: bool


class Watch:
    """One kind, watched for ever. `synced` is set when the first list was read, `settled` also when it is known that
    there is none: the kind may not be seen, or does not exist any more."""

    def __init__(
        self, cluster: Cluster, view: View, listener: Listener, clock: Clock, turn: asyncio.Lock | None = None
    ) -> None:
        """`turn` is shared by watches of which only one may read its list at a time: what is read stays small."""
        self._turn = turn or asyncio.Lock()
        self._cluster = cluster
        self._view = view
        self._listener = listener
        self._clock = clock
        self._since: str | None = None
        self._followed_at: float | None = None
        self._refused = 0
        self.synced = asyncio.Event()
        self.settled = asyncio.Event()
        self.heard_at = clock.monotonic()

    async def run(self) -> None:
        """Until cancelled. What the server refuses or breaks off is asked again after a pause that grows."""
        failures = 0
        while True:
            self._followed_at, reason, wait = None, "", 0.0
            try:
                await self._once()
            except Refusal as refused:
                reason, wait = f"{refused.status} {refused.reason}", refused.retry_after_seconds
                self._was_refused(refused)
            except AwayError as away:
                reason = str(away)
            failures = 0 if self._lasted() else failures + 1
            if reason:
                self._tell(failures, reason)
            await self._pause(failures, wait)

    async def _once(self) -> None:
        if self._since is None:
            async with self._turn:
                self._since = await self._list()
        self._followed_at = self._clock.monotonic()
        async for kind, live in self._events(self._since):
            self._heard()
            if kind == "DELETED":
                self._listener.gone(self._view.resource, live)
            elif kind != "BOOKMARK":
                self._hear(live)
            self._since = live["metadata"]["resourceVersion"]

    def _was_refused(self, refused: Refusal) -> None:
        if refused.status in (404, 410):
            self._since = None
        if refused.status in (403, 404):
            self._heard()  # the server answers: nothing is wrong with this process
        if refused.status == 404:
            self.settled.set()
        if refused.status == 403:
            self._refused += 1
            if self._refused == _TAKEN_FOR_GOOD:
                self._since = None
                self._listener.forbidden(self._view.resource, refused)
                self.settled.set()

    def _lasted(self) -> bool:
        """The server let us listen; it is normal that it ends that after some minutes."""
        began = self._followed_at
        return began is not None and self._clock.monotonic() - began >= _TOO_SHORT_SECONDS

    async def _list(self) -> str:
        present: set[tuple[str, str]] = set()
        view, version = self._view, ""
        async for page, version in self._cluster.pages(  # noqa: B007
            view.resource, labels=view.labels, only_metadata=view.only_metadata
        ):
            for live in page:
                present.add((live["metadata"].get("namespace", ""), live["metadata"]["name"]))
                self._hear(live)
            await asyncio.sleep(0)  # a long list leaves room for others
        self._listener.listed(view.resource, present)
        self._heard()
        self.synced.set()
        self.settled.set()
        return version

    def _hear(self, live: Manifest) -> None:
        resource = self._view.resource
        try:
            self._listener.seen(resource, resource.typed(live))
        except Exception:  # one strange object must not keep the operator from all the others
            where = {part: live.get("metadata", {}).get(part, "") for part in ("namespace", "name")}
            _log.exception("an object can't be understood", kind=resource.kind, **where)

    def _events(self, since: str) -> AsyncIterator[tuple[str, Manifest]]:
        view = self._view
        return self._cluster.watch(
            view.resource, since, labels=view.labels, only_metadata=view.only_metadata, opened=self._opened
        )

    def _opened(self) -> None:
        """It may be listed and watched: the one without the other is not enough."""
        self._heard()
        if self._refused >= _TAKEN_FOR_GOOD:
            self._listener.forbidden(self._view.resource, None)
        self._refused = 0

    def _heard(self) -> None:
        self.heard_at = self._clock.monotonic()

    async def _pause(self, failures: int, at_least_seconds: float) -> None:
        if failures:
            most = min(_LONGEST_PAUSE_SECONDS, 0.25 * 2.0 ** min(failures, 10))
            await self._clock.sleep(at_least_seconds + most * random.random())  # noqa: S311  # jitter, no secret

    def _tell(self, failures: int, reason: str) -> None:
        age = self._clock.monotonic() - self.heard_at
        meters.WATCH_AGE.labels(self._view.resource.kind).set(age)
        log = _log.warning if failures > 1 else _log.info
        log("a watch begins again", kind=self._view.resource.kind, reason=reason, failures=failures)

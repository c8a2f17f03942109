"""An operator that stops dead, for each namespace at a call of its own: as if that many processes had been killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import concierge_operator.running as running
from concierge_operator.cluster import Cluster
from running_operator import RunningOperator, running_operator


class Cuts:
    """How many calls about each namespace are let through. Afterwards nothing happens there any more: the call gets no
    answer, and so nothing that would follow it, no tidying up either."""

    def __init__(self, allowed: Mapping[str, int]) -> None:
        self._allowed = allowed
        self.made: dict[str, int] = dict.fromkeys(allowed, 0)

    async def pass_or_die(self, path: str) -> None:
        """Count the call; never comes back when one too many was made."""
        namespace = path.partition("/namespaces/")[2].partition("/")[0]
        if namespace not in self._allowed:
            return
        if self.made[namespace] >= self._allowed[namespace]:
            await asyncio.Event().wait()
        self.made[namespace] += 1

    def dead(self, namespace: str) -> bool:
        """It has made all its calls."""
        return self.made[namespace] >= self._allowed[namespace]


@contextmanager
def cut_operator(kubeconfig: Path, cuts: Cuts, **settings: Any) -> Iterator[RunningOperator]:
    """For as long as the block lasts. Its workers hang where they were cut: there are enough of them for all."""

    class CutCluster(Cluster):
        async def _ask(self, method: str, path: str, *rest: Any, **named: Any) -> dict[str, Any]:
            await cuts.pass_or_die(path)
            return await super()._ask(method, path, *rest, **named)

    with _standing_in(CutCluster), running_operator(kubeconfig, workers=256, **settings) as made:
        yield made


@contextmanager
def _standing_in(made: Callable[..., Cluster]) -> Iterator[None]:
    real = running.Cluster
    running.Cluster = made  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        running.Cluster = real  # type: ignore[misc]

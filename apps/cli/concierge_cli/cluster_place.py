"""Where the cluster is, whose tenants there are, and with which settings the operator in it works."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concierge_cli.kubeconfig import way_to_cluster
from concierge_core.errors import ConciergeError
from concierge_operator.cluster import Cluster, configuration
from concierge_operator.kinds import CLASSES, DEPLOYMENTS, TENANTS
from concierge_operator.known import Document, paper
from concierge_operator.observe import Verdict
from concierge_operator.preparing import Surroundings, prepared
from concierge_operator.refusals import AwayError, Refusal
from concierge_operator.render import Context
from concierge_operator.settings import OperatorSettings

_OPERATOR = {"app.kubernetes.io/name": "concierge-operator"}
_PREFIX = "CONCIERGE_OPERATOR_"


class NoTenantError(ConciergeError):
    """There is no tenant of this name."""


@dataclass(frozen=True, slots=True)
class Place:
    """The cluster, as the verbs see it."""

    cluster: Cluster
    offered: frozenset[str]
    _known: list[OperatorSettings] = field(default_factory=list)

    async def tenants(self, arguments: argparse.Namespace) -> list[Document]:
        """The one that is named, or all. Raises `NoTenantError`."""
        if TENANTS.offer not in self.offered:
            raise NoTenantError("this cluster does not know ConciergeTenant yet; install the chart: docs/operator.md")
        found, _ = await self.cluster.list(TENANTS, None if arguments.everywhere else arguments.namespace)
        wanted = [one for one in found if not arguments.tenant or one["metadata"]["name"] == arguments.tenant]
        if not wanted:
            where = "the cluster" if arguments.everywhere else f"namespace {arguments.namespace}"
            name = f"no tenant {arguments.tenant}" if arguments.tenant else "no tenant"
            raise NoTenantError(f"there is {name} in {where}; all of them: kubectl get ct -A")
        return [TENANTS.typed(one) for one in wanted]

    async def brand_of(self, document: Document) -> Document | None:
        """The tenant's class, if it names one that is there."""
        name = ((document.get("spec") or {}).get("classRef") or {}).get("name")
        return await self.cluster.get(CLASSES, name) if name else None

    async def prepared(self, document: Document, brand: Document | None) -> Context | Verdict:
        """As the operator prepares it."""
        neighbours, _ = await self.cluster.list(TENANTS, document["metadata"]["namespace"])
        papers = sorted((paper(one) for one in neighbours), key=lambda one: (one.created, one.key))
        settings = await self.settings()
        return prepared(document, Surroundings(brand, papers, settings.defaults(), self.offered))

    async def settings(self) -> OperatorSettings:
        """The operator's, asked for once, when needed: who may see one namespace alone can do much without them."""
        if not self._known:
            self._known.append(await _operator_settings(self.cluster))
        return self._known[0]


def at_cluster(arguments: argparse.Namespace, deed: Callable[[Place], Awaitable[int]]) -> int:
    """Do this at the cluster that the command line names. What is in the way is raised in words."""
    way = way_to_cluster(arguments.kubeconfig, os.environ, context=arguments.context)
    arguments.namespace = arguments.namespace or way.namespace

    async def work() -> int:
        made = await configuration(Path(way.kubeconfig) if way.kubeconfig else None, context=arguments.context)
        with _in_words(made.host):
            async with Cluster(made) as cluster:
                return await deed(Place(cluster, await cluster.kinds()))

    return asyncio.run(work())


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """What the API server did not do, told to whoever sits at the command line."""
    try:
        yield
    except AwayError as error:
        raise ConciergeError(
            f"{address} gives no answer ({error}); is this the right cluster, and can it be reached from here? "
            "See: kubectl cluster-info"
        ) from error
    except Refusal as refused:
        raise ConciergeError(_remedy(refused)) from refused


def _remedy(refused: Refusal) -> str:
    if refused.status == 401:
        return "the cluster does not know who you are; sign in to it again. See: kubectl auth whoami"
    if refused.status == 403:
        return f"{str(refused).rstrip('.')}. Ask whoever looks after the cluster for this right"
    if refused.status == 404 and not refused.causes:
        return f"{str(refused).rstrip('.')}. Is the chart installed there? See docs/operator.md"
    return str(refused)


async def _operator_settings(cluster: Cluster) -> OperatorSettings:
    """Of the operator that runs there, from its Deployment; the built-in ones where there is none."""
    found, _ = await cluster.list(DEPLOYMENTS, labels=_OPERATOR)
    given: dict[str, Any] = {}
    for container in found[0]["spec"]["template"]["spec"]["containers"] if found else ():
        for variable in container.get("env", ()):
            name = variable["name"]
            if name.startswith(_PREFIX) and variable.get("value"):
                given[name.removeprefix(_PREFIX).lower()] = variable["value"]
    return OperatorSettings(**given)

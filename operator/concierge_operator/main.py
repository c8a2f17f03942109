"""`concierge-operator`: the operator with Kopf, which watches what people write and feeds the queue; and its signals.

Kopf's high-level handlers would store a copy of every object in its annotations and act on edges; only its events are
used here, as a source of keys (docs/decisions says why). It needs no peering: a Lease says who leads.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from typing import Any

import kopf
import structlog
import uvloop

from concierge_core import telemetry
from concierge_core.clock import SystemClock
from concierge_core.errors import ConciergeError
from concierge_core.settings import Settings
from concierge_operator.cluster import connection
from concierge_operator.health import served
from concierge_operator.kinds import CLASSES, TENANTS, Resource
from concierge_operator.running import Operator
from concierge_operator.settings import OperatorSettings

_FAREWELL_SECONDS = 0.25
"""aiohttp's documentation asks for this: TLS connections that Kopf has closed need a moment to be gone."""

_log = structlog.get_logger(__name__)


def main() -> int:
    """Run until told to stop (0); 1 when something in it ends by itself, 2 when the settings can't be right."""
    try:
        settings = OperatorSettings()
    except ConciergeError as error:
        print(error, file=sys.stderr)
        return 2
    ours = Settings(log_level=settings.log_level, log_format=settings.log_format, otlp_endpoint=settings.otlp_endpoint)
    telemetry.set_up(ours, service="operator", tenant="")
    logging.getLogger("kopf").setLevel(logging.WARNING)  # it tells every event; ours say what matters
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_begin(settings))


async def _begin(settings: OperatorSettings) -> int:
    return await run(Operator(settings, SystemClock()))


async def run(operator: Operator) -> int:
    """The operator with Kopf and its probes, until a signal comes or one of them ends."""
    settings = operator.settings
    async with served(settings.listen_host, settings.port, alive=operator.alive, ready=operator.ready) as port:
        _log.info("operator started", port=port, identity=settings.identity)
        parts = [asyncio.create_task(operator.run()), asyncio.create_task(_kopf(operator))]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            results = await asyncio.gather(*parts, return_exceptions=True)
            await asyncio.sleep(_FAREWELL_SECONDS)
    failed = [error for error in results if isinstance(error, Exception)]
    for error in failed:
        _log.error("a part of the operator ended", error="".join(traceback.format_exception(error))[-4000:])
    return 1 if failed else 0


async def _kopf(operator: Operator) -> None:
    """Kopf ends by itself when the process is told to stop."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = 100
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = (0.2, 0.5, 1.3, 2.9)
    await kopf.operator(registry=_registry(operator), settings=settings, standalone=True, clusterwide=True)


def _registry(operator: Operator) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    world = operator.world

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(**await connection(operator.settings.kubeconfig))

    @kopf.on.event(TENANTS.group, TENANTS.version, TENANTS.plural, registry=registry)
    async def tenant(event: Any, **_: Any) -> None:
        world.tenant_event(event["type"] or "", _whole(TENANTS, event["object"]))

    @kopf.on.event(CLASSES.group, CLASSES.version, CLASSES.plural, registry=registry)
    async def brand(event: Any, **_: Any) -> None:
        world.class_event(event["type"] or "", _whole(CLASSES, event["object"]))

    return registry


def _whole(resource: Resource, body: Any) -> dict[str, Any]:
    """Objects in a list don't say their kind."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **body}


if __name__ == "__main__":
    sys.exit(main())

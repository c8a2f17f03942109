"""`concierge-operator`: the operator with Kopf, which watches what people write and feeds the queue; and its signals.

Kopf's high-level handlers would store a copy of every object in its annotations and act on edges; only its events are
used here, as a source of keys (docs/decisions says why). It needs no peering: a Lease says who leads.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, cast

import kopf
import structlog
import uvloop

from concierge_core import telemetry
from concierge_core.clock import SystemClock
from concierge_core.errors import ConciergeError
from concierge_core.settings import Settings
from concierge_operator.health import served
from concierge_operator.kinds import CLASSES, TENANTS
from concierge_operator.kopf_session import kopf_session
from concierge_operator.kopf_tasks import end_kopfs_tasks
from concierge_operator.running import KOPF_WATCHES_SECONDS, Operator
from concierge_operator.settings import OperatorSettings

_FAREWELL_SECONDS = 0.25
"""aiohttp's documentation asks for this: TLS connections that Kopf has closed need a moment to be gone."""
_IDLE_SECONDS = 0.1
"""For so long after an event Kopf keeps the object and a task for it: with its own 5 s, all of a long list at once."""
_LONGEST_PAUSE_SECONDS = 30.0
_LASTED_SECONDS = 60.0

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
        told = asyncio.Event()
        _heed_signals(told)
        parts = [asyncio.create_task(part) for part in (operator.run(), _kopf(operator, told), told.wait())]
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


def _heed_signals(told: asyncio.Event) -> None:
    """Stop when told to, also while Kopf, which has handlers of its own, does not run. A container's first process
    would not even hear of a signal that it did not ask for."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)


async def _kopf(operator: Operator, told: asyncio.Event) -> None:
    """Kopf ends by itself when the process is told to stop. It also ends when a kind that it watches is taken away, or
    when a watch tells of an error that it doesn't expect; then it begins anew: nobody's hotel waits for a restart."""
    failures = 0
    while True:
        await operator.learned.wait()
        began = operator.clock.monotonic()
        try:
            tasks = await kopf.spawn_tasks(
                registry=_registry(operator),
                settings=_settings(operator),
                # Else Kopf asks the system for the user's name, and a container's user has none.
                identity=cast(Any, operator.settings.identity),
                standalone=True,
                clusterwide=True,
            )
            await kopf.run_tasks(tasks, ignored=_Everything())
            return
        except Exception as error:
            _heed_signals(told)
            failures = 1 if operator.clock.monotonic() - began > _LASTED_SECONDS else failures + 1
            _log.warning("Kopf begins anew", error=f"{type(error).__name__}: {error}"[:300], failures=failures)
        finally:
            await end_kopfs_tasks()
        await operator.clock.sleep(min(_LONGEST_PAUSE_SECONDS, 0.5 * 2.0**failures))
        await operator.learn()
        operator.relisted()


class _Everything(frozenset[Any]):
    """When Kopf ends, it waits for, and then cancels, every task of the process that began after it, and that it is not
    told to ignore: our watches, the leader's work. Its own are ended by `end_kopfs_tasks`."""

    def __contains__(self, _: object) -> bool:
        return True


class _Pauses:
    """Between tries of one request: for as long as it takes. An API server that is being restarted answers 503 for
    longer than any fixed number of tries."""

    def __iter__(self) -> Iterator[float]:
        return (min(_LONGEST_PAUSE_SECONDS, 0.25 * 2.0**tries) * random.uniform(0.5, 1) for tries in _up_to(7))  # noqa: S311


def _up_to(most: int) -> Iterator[int]:
    return itertools.chain(range(most), itertools.repeat(most))


def _settings(operator: Operator) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = 50
    settings.queueing.idle_timeout = _IDLE_SECONDS
    settings.networking.request_timeout = operator.settings.answer_seconds
    settings.networking.error_backoffs = _Pauses()
    settings.watching.server_timeout = KOPF_WATCHES_SECONDS
    settings.watching.inactivity_timeout = operator.settings.watch_silence_seconds
    return settings


def _registry(operator: Operator) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    world = operator.world

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return await kopf_session(operator.settings.kubeconfig, operator)

    @kopf.on.event(TENANTS.group, TENANTS.version, TENANTS.plural, registry=registry)
    async def tenant(event: Any, **_: Any) -> None:
        if event["type"] is None:
            operator.relisted()
        world.tenant_event(event["type"] or "", TENANTS.typed(event["object"]))

    @kopf.on.event(CLASSES.group, CLASSES.version, CLASSES.plural, registry=registry)
    async def brand(event: Any, **_: Any) -> None:
        if event["type"] is None:
            operator.relisted()
        world.class_event(event["type"] or "", CLASSES.typed(event["object"]))

    return registry


if __name__ == "__main__":
    sys.exit(main())

"""Celery's side of the worker: our tasks as Celery tasks, and the consumer that takes them from the queue."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog
from celery import signals
from celery.platforms import SecurityWarning

from concierge_core.work.envelope import Envelope
from concierge_core.work.loop import WorkLoop
from concierge_core.work.registry import why
from concierge_core.work.running import pause_seconds
from concierge_core.work.work_settings import WorkSettings

log = structlog.get_logger()


class Runner(Protocol):
    """Who does tasks."""

    @property
    def names(self) -> list[str]: ...
    def run(self, name: str, arguments: dict[str, Any], envelope: Envelope) -> Coroutine[Any, Any, None]: ...


def register(app: Any, runner: Runner, loop: WorkLoop, work: WorkSettings) -> None:
    """Make each of our tasks a Celery task that hands itself to the loop."""
    for name in runner.names:
        app.task(_on_loop(runner, loop, work), name=name, bind=True, max_retries=work.max_retries)


def consume(app: Any) -> int:
    """Take tasks until SIGTERM; running ones finish first. The exit code."""
    _keep_our_logging()
    # Celery fears root because of pickle, which this application does not accept.
    warnings.simplefilter("ignore", SecurityWarning)
    worker = app.Worker(
        pool="threads",
        hostname=f"worker@{app.conf.task_default_queue}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    signals.worker_ready.connect(lambda **_: log.info("worker_ready"), weak=False)
    worker.start()
    return int(worker.exitcode or 0)


def _on_loop(runner: Runner, loop: WorkLoop, work: WorkSettings) -> Any:
    def call(self: Any, **arguments: Any) -> None:
        envelope = Envelope.from_headers(self.request.headers or {})
        try:
            loop.run(runner.run(self.name, arguments, envelope))
        except Exception as error:
            again = self.request.retries < work.max_retries
            told = {"task": self.name, "entry": envelope.entry_id, "reason": why(error)}
            if again:
                log.warning("task_failed", **told)
            else:
                # From here on it is tried slowly, for a day: long enough that a person should hear of it now.
                log.error("task_keeps_failing", **told)
            raise self.retry(exc=error, countdown=pause_seconds(self.request.retries, work)) from error

    return call


def _keep_our_logging() -> None:
    """Celery leaves logging alone when somebody listens to this signal; most of its own lines repeat ours."""
    signals.setup_logging.connect(lambda **_: None, weak=False)
    for name, level in (("celery", logging.WARNING), ("celery.app.trace", logging.CRITICAL), ("kombu", logging.ERROR)):
        logging.getLogger(name).setLevel(level)

"""The worker process: Celery's consumer with a few threads, and one event loop that does the work.

`python -m concierge_core.work.worker`. Ends with 0 on SIGTERM (running tasks finish first), with 2 and one clear line
when it can't begin.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from celery import signals
from celery.exceptions import Retry

from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings
from concierge_core.telemetry import set_up
from concierge_core.work.celery_app import make_celery
from concierge_core.work.envelope import Envelope
from concierge_core.work.loop import WorkLoop
from concierge_core.work.registry import load_tasks
from concierge_core.work.running import TaskRunner, pause_seconds
from concierge_core.work.work_settings import WorkSettings

log = structlog.get_logger()


def main() -> int:
    """Work until told to stop."""
    settings, work = Settings(), WorkSettings()
    try:
        return _work_until_told(settings, work)
    except ConciergeError as error:
        print(f"The worker can't start: {error}.", file=sys.stderr)
        return 2


def _work_until_told(settings: Settings, work: WorkSettings) -> int:
    spec = load_tenant(settings).tenant.spec
    app = make_celery(settings, work, code=spec.property.code, threads=spec.worker.concurrency, waits_for_broker=True)
    set_up(settings, service="worker", tenant=spec.property.code)
    _keep_our_logging()
    loop = WorkLoop()
    loop.start()
    try:
        runtime = loop.open(open_runtime(settings, answers=False))
        register(app, TaskRunner(runtime, work, load_tasks()), loop, work)
        return _consume(app)
    finally:
        loop.stop()


def register(app: Any, runner: TaskRunner, loop: WorkLoop, work: WorkSettings) -> None:
    """Make each of our tasks a Celery task that hands itself to the loop."""
    for name in runner.names:
        app.task(_on_loop(runner, loop, work), name=name, bind=True, max_retries=work.max_retries)


def _on_loop(runner: TaskRunner, loop: WorkLoop, work: WorkSettings) -> Any:
    def call(self: Any, **arguments: Any) -> None:
        envelope = Envelope.from_headers(self.request.headers or {})
        try:
            loop.run(runner.run(self.name, arguments, envelope))
        except Exception as error:
            log.warning("task_failed", task=self.name, entry=envelope.entry_id, error=type(error).__name__)
            retry: Retry = self.retry(exc=error, countdown=pause_seconds(self.request.retries, work), throw=False)
            raise retry from error

    return call


def _consume(app: Any) -> int:
    worker = app.Worker(
        pool="threads",
        hostname=f"concierge@{app.conf.task_default_queue}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        optimization="fair",
    )
    signals.worker_ready.connect(lambda **_: log.info("worker_ready"), weak=False)
    worker.start()
    return int(worker.exitcode or 0)


def _keep_our_logging() -> None:
    """Celery leaves logging alone when somebody listens to this signal; its own lines repeat ours."""
    signals.setup_logging.connect(lambda **_: None, weak=False)
    for name, level in (("celery", logging.WARNING), ("celery.app.trace", logging.ERROR), ("kombu", logging.WARNING)):
        logging.getLogger(name).setLevel(level)


if __name__ == "__main__":
    sys.exit(main())

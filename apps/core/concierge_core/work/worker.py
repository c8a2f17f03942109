"""The worker process: Celery's consumer with a few threads, and one event loop that does the work.

`python -m concierge_core.work.worker`. Ends with 0 on SIGTERM (running tasks finish first), with 2 and one clear line
when it can't begin.
"""

from __future__ import annotations

import sys

from concierge_core.errors import ConciergeError
from concierge_core.open_runtime import load_tenant, open_runtime
from concierge_core.settings import Settings
from concierge_core.telemetry import set_up
from concierge_core.work.alive import Pulse
from concierge_core.work.celery_app import make_celery
from concierge_core.work.consuming import consume, register
from concierge_core.work.loop import WorkLoop
from concierge_core.work.registry import load_tasks
from concierge_core.work.rounds import Rounds, beating, watch
from concierge_core.work.running import TaskRunner
from concierge_core.work.work_settings import WorkSettings

CAN_NOT_START = 2


def main() -> int:
    """Work until told to stop."""
    try:
        return _work_until_told(Settings(), WorkSettings())
    except ConciergeError as error:
        print(f"The worker can't start: {error}", file=sys.stderr)
        return CAN_NOT_START


def _work_until_told(settings: Settings, work: WorkSettings) -> int:
    spec = load_tenant(settings).tenant.spec
    app = make_celery(settings, work, code=spec.property.code, threads=spec.worker.concurrency, waits_for_broker=True)
    set_up(settings, service="worker", tenant=spec.property.code)
    loop = WorkLoop()
    loop.start()
    try:
        rounds = Rounds()
        watch(app, rounds)
        loop.open(beating(Pulse(settings.data_dir, "worker"), rounds))
        runtime = loop.open(open_runtime(settings, answers=False))
        register(app, TaskRunner(runtime, work, load_tasks()), loop, work)
        return consume(app)
    finally:
        loop.stop()


if __name__ == "__main__":
    sys.exit(main())

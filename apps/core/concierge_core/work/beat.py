"""The clock of regular work: `python -m concierge_core.work.beat`. Start as many as you like, one sends.

The others stand by and follow within `beat_lease_seconds`. Whoever begins to lead sends everything once: what was
missed meanwhile is made good, since all regular work is level-triggered. While the broker is away beat waits.
"""

from __future__ import annotations

import random
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import structlog
from celery.beat import Scheduler, SchedulingError, Service
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from concierge_core.errors import ConciergeError
from concierge_core.settings import Settings
from concierge_core.telemetry import set_up
from concierge_core.work.beat_lease import BeatLease
from concierge_core.work.celery_app import make_celery
from concierge_core.work.property_code import property_code
from concierge_core.work.work_settings import WorkSettings

log = structlog.get_logger()
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LeasedScheduler(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's scheduler, which ticks only while it holds the lease."""

    lease: BeatLease
    stand_by_seconds: float
    leads = False

    def tick(self) -> float:
        """Send what is due, if we lead; seconds until the next call."""
        if not self.lease.hold():
            self._stand_down()
            return self.stand_by_seconds * random.uniform(0.8, 1.2)  # noqa: S311  # spread, not secrecy
        if not self.leads:
            self._begin_to_lead()
        try:
            return float(min(super().tick() or 0.0, self.max_interval))
        except (OperationalError, RedisError, OSError):
            self._lose_broker()
            return self.stand_by_seconds

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one task. A broker that is away ends our lead: whoever leads next sends everything again."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
            log.info("beat_sent", task=entry.task)
        except SchedulingError:
            self._lose_broker()

    def _begin_to_lead(self) -> None:
        self.leads = True
        for entry in self.schedule.values():
            entry.last_run_at = _LONG_AGO
        self._heap = None
        log.info("beat_leads")

    def _lose_broker(self) -> None:
        log.warning("broker_away")
        self._stand_down()
        self.lease.release()

    def _stand_down(self) -> None:
        if self.leads:
            log.info("beat_stands_by")
        self.leads = False
        # A connection that outlived its broker would fail at the next lead.
        self.__dict__.pop("producer", None)
        self.__dict__.pop("connection", None)


def main() -> int:
    """Beat until told to stop."""
    settings, work = Settings(), WorkSettings()
    try:
        code = property_code(settings)
        app = make_celery(settings, work, code=code)
    except ConciergeError as error:
        print(f"Beat can't start: {error}.", file=sys.stderr)
        return 2
    assert settings.redis_url is not None
    lease = BeatLease(settings.redis_url.get_secret_value(), code=code, seconds=work.beat_lease_seconds)
    set_up(settings, service="beat", tenant=code)
    _stop_on_signals()
    try:
        Service(app, scheduler_cls=_scheduler(lease, work)).start()
    finally:
        lease.release()
    return 0


def _scheduler(lease: BeatLease, work: WorkSettings) -> type[LeasedScheduler]:
    class Ours(LeasedScheduler):
        pass

    Ours.lease = lease
    Ours.stand_by_seconds = work.beat_lease_seconds / 3
    return Ours


def _stop_on_signals() -> None:
    def stop(_signal: int, _frame: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main())

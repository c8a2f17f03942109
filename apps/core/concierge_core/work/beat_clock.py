"""The clock of regular work. One of all beats of a property leads; the others stand by and follow when it dies.

Whoever begins to lead sends everything once: what was missed meanwhile is made good, since all regular work is
level-triggered. While the broker is away beat waits. Imports are few on purpose (see `beat`).
"""

from __future__ import annotations

import json
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery.beat import Scheduler, SchedulingError, Service
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from concierge_core.work.alive import Pulse
from concierge_core.work.beat_facts import BeatFacts
from concierge_core.work.beat_lease import BeatLease
from concierge_core.work.celery_app import celery_at

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LeasedScheduler(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's scheduler, which ticks only while it holds the lease."""

    facts: BeatFacts
    lease: BeatLease
    pulse: Pulse
    leads: bool | None = None  # nothing is known before the first tick

    def tick(self) -> float:
        """Send what is due, if we lead; seconds until the next call."""
        self.pulse.beat()
        if not self.lease.hold():
            self._stand_down()
            return self._stand_by_seconds()
        if not self.leads:
            self._begin_to_lead()
        try:
            return float(min(super().tick() or 0.0, self.max_interval))
        except (OperationalError, RedisError, OSError):
            self._lose_broker()
            return self._stand_by_seconds()

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one task. A broker that is away ends our lead: whoever leads next sends everything again."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
            self._log("beat_sent", task=entry.task)
        except SchedulingError:
            self._lose_broker()

    def _begin_to_lead(self) -> None:
        self.leads = True
        for entry in self.schedule.values():
            entry.last_run_at = _LONG_AGO
        self._heap = None
        self._log("beat_leads")

    def _lose_broker(self) -> None:
        self._log("broker_away", level="warning")
        self._stand_down()
        self.lease.release()

    def _stand_down(self) -> None:
        if self.leads is not False:
            self._log("beat_stands_by")
        self.leads = False
        # A connection that outlived its broker would fail at the next lead.
        self.__dict__.pop("producer", None)
        self.__dict__.pop("connection", None)

    def _stand_by_seconds(self) -> float:
        return self.facts.beat_lease_seconds / 3 * random.uniform(0.8, 1.2)  # noqa: S311  # spread, not secrecy

    def _log(self, event: str, *, level: str = "info", **named: str) -> None:
        """A line like those of the other processes, without their logging library."""
        if level == "info" and self.facts.log_level.upper() not in ("DEBUG", "INFO"):
            return
        at = datetime.now(UTC).isoformat()
        line = {"event": event, "service": "beat", "tenant": self.facts.code, "level": level, "timestamp": at, **named}
        text = json.dumps(line) if self.facts.log_format == "json" else f"{at} [{level}] {event} {named or ''}"
        print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Beat until told to stop."""
    facts = BeatFacts.from_environment()
    lease = BeatLease(facts.redis_url, code=facts.code, seconds=facts.beat_lease_seconds)
    LeasedScheduler.facts, LeasedScheduler.lease = facts, lease
    LeasedScheduler.pulse = Pulse(Path(facts.data_dir), "beat")
    _stop_on_signals()
    try:
        Service(celery_at(facts.redis_url, facts, code=facts.code), scheduler_cls=LeasedScheduler).start()
    finally:
        lease.release()
    return 0


def _stop_on_signals() -> None:
    def stop(_signal: int, _frame: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main())

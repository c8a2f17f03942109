"""Begins beat: `python -m concierge_core.work.beat`. Start as many as you like, one sends (`beat_clock`).

Configuration is read and checked here, as in every process; then this one becomes `beat_clock` (exec, same pid), which
carries Celery and nothing else: 20 MB less for a process that waits all day.
"""

from __future__ import annotations

import os
import sys

from concierge_core.errors import ConciergeError, TenantFileError, Unavailable
from concierge_core.settings import Settings
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.own_settings import complete
from concierge_core.work.beat_facts import BeatFacts
from concierge_core.work.work_settings import WorkSettings

CAN_NOT_START = 2


def main() -> int:
    """Become the clock; returns only when that can't be."""
    try:
        facts = gathered(Settings(), WorkSettings())
    except ConciergeError as error:
        print(f"Beat can't start: {error}", file=sys.stderr)
        return CAN_NOT_START
    command = [sys.executable, "-m", "concierge_core.work.beat_clock"]
    os.execve(command[0], command, facts.to_environment())  # noqa: S606  # our own interpreter and module


def gathered(settings: Settings, work: WorkSettings) -> BeatFacts:
    """What the clock has to know. Raises `TenantFileError`, `Unavailable` without a broker's URL."""
    if settings.tenant_file is None:
        raise TenantFileError("CONCIERGE_TENANT_FILE is not set: name the property's ConciergeTenant YAML")
    loaded = load_tenant_files([settings.tenant_file])
    if len(loaded) != 1:
        raise TenantFileError(f"{settings.tenant_file} holds {len(loaded)} properties: a process serves exactly one")
    complete(settings, loaded[0].tenant.spec)
    if settings.redis_url is None:
        raise Unavailable("broker")
    return BeatFacts(
        code=loaded[0].tenant.spec.property.code,
        redis_url=settings.redis_url.get_secret_value(),
        log_format=settings.log_format,
        log_level=settings.log_level,
        visibility_timeout_seconds=work.visibility_timeout_seconds,
        restore_interval_seconds=work.restore_interval_seconds,
        send_timeout_seconds=work.send_timeout_seconds,
        beat_lease_seconds=work.beat_lease_seconds,
        rollup_interval_seconds=work.rollup_interval_seconds,
        retention_interval_seconds=work.retention_interval_seconds,
        data_dir=str(settings.data_dir),
    )


if __name__ == "__main__":
    sys.exit(main())

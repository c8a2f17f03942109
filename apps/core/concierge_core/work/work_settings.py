"""Times and sizes of background work, from `CONCIERGE_WORK_*`; the defaults suit production, tests shorten them."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from concierge_core.settings import ProcessSettings


class WorkSettings(ProcessSettings):
    """Read once at start. Units are in the names."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_WORK_")

    visibility_timeout_seconds: float = Field(default=90, ge=1)
    """After so long the broker gives a dead worker's tasks to another; every task ends well before (`time_limit`)."""
    restore_interval_seconds: float = Field(default=5, gt=0)
    """How often a worker looks for tasks of dead workers."""
    resend_after_seconds: float = Field(default=300, gt=0)
    """A task that was sent this long ago and is not done was lost by the broker, or failed: it is sent again."""
    give_up_after_seconds: float = Field(default=24 * 3600, gt=0)
    """A task that still fails this long after its cause is given up, and said so in the log."""
    send_timeout_seconds: float = Field(default=2, gt=0)
    """A broker that does not take a task within this time is away."""
    broker_check_seconds: float = Field(default=10, gt=0)
    """How often it is asked whether the broker was restarted, and its queue lost: then open tasks are sent at once."""
    max_retries: int = Field(default=4, ge=0)
    """Quick attempts, with growing pauses, before the slow rhythm of `resend_after_seconds` takes over."""
    beat_lease_seconds: float = Field(default=15, ge=1)
    """A beat that died is followed by another within this time."""
    rollup_interval_seconds: float = Field(default=1800, gt=0)
    """Half-hourly, because some time zones begin their hours at half past."""
    retention_interval_seconds: float = Field(default=6 * 3600, gt=0)
    webhooks_may_be_private: bool = False
    """Webhooks may use http and reach loopback and private addresses: for tests, and where peers share the network."""

    @property
    def time_limit_seconds(self) -> float:
        """The longest a task may take: two thirds of the visibility timeout, so no other worker gets it meanwhile."""
        return self.visibility_timeout_seconds * 2 / 3

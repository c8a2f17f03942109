"""The one Celery application: JSON messages with ids only, acknowledged after the work, a queue per property."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from celery import Celery
from kombu.entity import Exchange, Queue

from concierge_core.errors import Unavailable
from concierge_core.work.names import RETENTION, ROLLUP

if TYPE_CHECKING:  # beat keeps no pydantic in memory
    from concierge_core.settings import Settings


class Times(Protocol):
    """The part of `WorkSettings` that the application needs."""

    @property
    def visibility_timeout_seconds(self) -> float: ...
    @property
    def restore_interval_seconds(self) -> float: ...
    @property
    def send_timeout_seconds(self) -> float: ...
    @property
    def beat_lease_seconds(self) -> float: ...
    @property
    def rollup_interval_seconds(self) -> float: ...
    @property
    def retention_interval_seconds(self) -> float: ...


def make_celery(
    settings: Settings, work: Times, *, code: str, threads: int = 4, waits_for_broker: bool = False
) -> Celery:
    """The application for the property `code`.

    A worker waits for its broker as long as it takes; web processes and beat (`waits_for_broker=False`) get an error
    within `send_timeout_seconds` instead. Raises `Unavailable("broker")` when no `REDIS_URL` is set.
    """
    if settings.redis_url is None:
        raise Unavailable("broker")
    url = settings.redis_url.get_secret_value()
    return celery_at(url, work, code=code, threads=threads, waits_for_broker=waits_for_broker)


def celery_at(redis_url: str, work: Times, *, code: str, threads: int = 4, waits_for_broker: bool = False) -> Celery:
    """As `make_celery`, for a known broker."""
    app = Celery("concierge", set_as_current=False, fixups=[])
    app.conf.update(_configuration(work, code))
    app.conf.update(
        broker_url=broker_url(redis_url),
        broker_transport_options=_transport_options(work, code, waits_for_broker=waits_for_broker),
        broker_connection_max_retries=None if waits_for_broker else 1,
        worker_concurrency=threads,
    )
    return app


def queue_name(code: str) -> str:
    """The property's queue."""
    return f"concierge.{code}"


def broker_url(redis_url: str) -> str:
    """The URL as Celery wants it: it calls a Unix socket `redis+socket`."""
    return redis_url.replace("unix://", "redis+socket://", 1) if redis_url.startswith("unix://") else redis_url


def _configuration(work: Times, code: str) -> dict[str, Any]:
    name = queue_name(code)
    return {
        "task_queues": [_queue(name)],
        "task_default_queue": name,
        "task_default_exchange": name,
        "task_default_routing_key": name,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": work.send_timeout_seconds,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_max_loop_interval": work.beat_lease_seconds / 3,
        "beat_schedule": _schedule(work),
    }


def _queue(name: str) -> Any:
    make_queue: Any = Queue
    make_exchange: Any = Exchange
    return make_queue(name, make_exchange(name, type="direct"), routing_key=name)


def _schedule(work: Times) -> dict[str, Any]:
    """Level-triggered work only: what is missed while nobody could send it is made good by the next run."""
    every = {ROLLUP: work.rollup_interval_seconds, RETENTION: work.retention_interval_seconds}
    return {
        name: {"task": name, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}
        for name, seconds in every.items()
    }


def _transport_options(work: Times, code: str, *, waits_for_broker: bool) -> dict[str, Any]:
    prefix = f"concierge:{code}:unacked"
    options: dict[str, Any] = {
        "visibility_timeout": work.visibility_timeout_seconds,
        # A property's workers restore their own property's tasks only, and soon: by default the look-out runs every
        # 100 s, and a worker killed while looking would block the others for 5 minutes.
        "unacked_key": prefix,
        "unacked_index_key": f"{prefix}:index",
        "unacked_mutex_key": f"{prefix}:mutex",
        "unacked_mutex_expire": 10,
        "unacked_restore_interval": work.restore_interval_seconds,
        "unacked_restore_throttle": 1,
        "unacked_restore_limit": 100,
        "socket_connect_timeout": work.send_timeout_seconds,
        "socket_keepalive": True,
    }
    if not waits_for_broker:
        # Without these kombu tries for ever inside `send_task`, and takes the caller's thread with it.
        options |= {"socket_timeout": work.send_timeout_seconds, "max_retries": 1, "interval_start": 0}
        options |= {"interval_step": 0.1, "interval_max": 0.1, "connect_retries_timeout": work.send_timeout_seconds}
    return options

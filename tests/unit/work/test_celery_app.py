"""The Celery application, as configured."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from concierge_core.errors import Unavailable
from concierge_core.settings import Settings
from concierge_core.work.celery_app import broker_url, make_celery, queue_name
from concierge_core.work.running import pause_seconds
from concierge_core.work.work_settings import WorkSettings


def settings(url: str | None = "redis://localhost:6379/0") -> Settings:
    return Settings(redis_url=SecretStr(url) if url else None)


def test_tasks_are_acknowledged_after_the_work_and_carry_json_only() -> None:
    conf = make_celery(settings(), WorkSettings(), code="seehof").conf

    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert list(conf.accept_content) == ["json"]
    assert conf.result_backend is None


def test_each_property_has_its_own_queue_and_its_own_list_of_unfinished_tasks() -> None:
    seehof, palais = (make_celery(settings(), WorkSettings(), code=code).conf for code in ("seehof", "palais"))

    assert seehof.task_default_queue == queue_name("seehof") != palais.task_default_queue
    assert seehof.broker_transport_options["unacked_key"] != palais.broker_transport_options["unacked_key"]


def test_a_dead_workers_task_comes_back_soon() -> None:
    options = make_celery(settings(), WorkSettings(), code="seehof").conf.broker_transport_options

    assert 60 <= options["visibility_timeout"] <= 120
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10


def test_only_a_worker_waits_for_its_broker() -> None:
    web = make_celery(settings(), WorkSettings(), code="seehof").conf
    worker = make_celery(settings(), WorkSettings(), code="seehof", waits_for_broker=True).conf

    assert web.broker_transport_options["max_retries"] == 1
    assert "max_retries" not in worker.broker_transport_options
    assert worker.broker_connection_max_retries is None


def test_without_a_broker_it_is_said() -> None:
    with pytest.raises(Unavailable, match="broker"):
        make_celery(settings(None), WorkSettings(), code="seehof")


def test_a_unix_socket_is_named_as_celery_wants_it() -> None:
    assert broker_url("unix:///run/valkey.sock?db=1") == "redis+socket:///run/valkey.sock?db=1"
    assert broker_url("rediss://host/0") == "rediss://host/0"


@pytest.mark.parametrize("retries", range(10))
def test_a_retry_comes_before_the_broker_would_hand_the_task_out_again(retries: int) -> None:
    work = WorkSettings()

    assert 0 < pause_seconds(retries, work) <= work.visibility_timeout_seconds / 3
    assert pause_seconds(retries, work) + work.time_limit_seconds <= work.visibility_timeout_seconds

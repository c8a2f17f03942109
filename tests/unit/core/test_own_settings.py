"""What the YAML says about its processes completes what the environment says, and never overrules it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant, TenantSpec
from concierge_core.tenant.own_settings import complete, not_found

SECRETS = "own: {database: 'postgresql://a@b/c', redis: 'redis://r:6379/0', dsn: 'https://k@sentry.example/1'}\n"


@pytest.fixture(autouse=True)
def a_silent_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SENTRY_DSN", "CONCIERGE_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    file = tmp_path / "secrets.yaml"
    file.write_text(SECRETS)
    return file


def spec(**more: Any) -> TenantSpec:
    address = {"street": "Pier 1", "city": "Cove", "country": "GB"}
    house = {"code": "seaside", "name": "Seaside", "address": address, "timezone": "Europe/London"}
    declared = {
        "postgres": {"mode": "external", "urlSecret": {"name": "own", "key": "database"}},
        "redis": {"mode": "external", "urlSecret": {"name": "own", "key": "redis"}},
        "observability": {
            "otlpEndpoint": "https://otel.example",
            "traceSampleRatio": 0.25,
            "logLevel": "ERROR",
            "sentryDsnSecret": {"name": "own", "key": "dsn"},
        },
    }
    tenant = {"metadata": {"name": "seaside"}, "spec": {"property": house, **declared, **more}}
    return ConciergeTenant.model_validate(tenant, by_alias=True, by_name=False).spec


def told(settings: Settings) -> list[Any]:
    urls = (settings.database_url, settings.redis_url, settings.sentry_dsn)
    return [*(url and url.get_secret_value() for url in urls), settings.log_level, settings.otlp_endpoint]


def test_what_the_environment_leaves_open_comes_from_the_yaml(secrets: Path) -> None:
    settings = Settings(secrets_file=secrets)

    complete(settings, spec())

    assert told(settings) == [
        "postgresql://a@b/c", "redis://r:6379/0", "https://k@sentry.example/1", "ERROR", "https://otel.example",
    ]  # fmt: skip
    assert settings.trace_sample_ratio == 0.25
    assert not_found(settings, spec()) == {}


def test_the_environment_wins(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://theirs")
    monkeypatch.setenv("REDIS_URL", "redis://theirs")
    monkeypatch.setenv("SENTRY_DSN", "https://theirs")
    monkeypatch.setenv("CONCIERGE_LOG_LEVEL", "DEBUG")
    settings = Settings(secrets_file=secrets)

    complete(settings, spec())

    assert told(settings)[:4] == ["postgresql://theirs", "redis://theirs", "https://theirs", "DEBUG"]


def test_an_empty_variable_is_an_absent_one(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    settings = Settings(secrets_file=secrets)

    complete(settings, spec())

    assert told(settings)[0] == "postgresql://a@b/c"


def test_secrets_that_are_nowhere_are_named_and_what_is_bundled_stays(tmp_path: Path) -> None:
    settings = Settings()

    complete(settings, spec())

    assert told(settings)[:3] == [None, None, None]
    assert list(not_found(settings, spec())) == [
        "spec.postgres.urlSecret", "spec.redis.urlSecret", "spec.observability.sentryDsnSecret",
    ]  # fmt: skip


def test_a_managed_database_needs_no_secret(secrets: Path) -> None:
    settings = Settings(secrets_file=secrets)
    managed = spec(postgres={"urlSecret": {"name": "own", "key": "database"}}, redis={})

    complete(settings, managed)

    assert told(settings)[:2] == [None, None]
    assert not_found(settings, managed) == {}

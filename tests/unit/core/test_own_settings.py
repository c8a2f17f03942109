"""What the YAML says about its processes completes what the environment says, and never overrules it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concierge_core.errors import InvalidInput, TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant, TenantSpec
from concierge_core.tenant.own_settings import complete, not_found
from concierge_core.work.work_settings import WorkSettings

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
    monkeypatch.setenv("SENTRY_DSN", "https://k@theirs/1")
    monkeypatch.setenv("CONCIERGE_LOG_LEVEL", "DEBUG")
    settings = Settings(secrets_file=secrets)

    complete(settings, spec())

    assert told(settings)[:4] == ["postgresql://theirs", "redis://theirs", "https://k@theirs/1", "DEBUG"]


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


@pytest.mark.parametrize(
    ("key", "field", "words"),
    [
        ("redis", "spec.redis.urlSecret", "write redis://host:port/0"),
        ("dsn", "spec.observability.sentryDsnSecret", "write the DSN as Sentry shows it"),
    ],
)
def test_a_secret_that_cannot_be_what_it_should_is_told_and_not_repeated(
    secrets: Path, key: str, field: str, words: str
) -> None:
    secrets.write_text(f"own: {{{key}: hush-hush}}")

    with pytest.raises(TenantFileError) as caught:
        complete(Settings(secrets_file=secrets), spec())

    assert str(caught.value) == f"{field}: the secret holds no such address; {words}."


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("REDIS_URL", "must be a URL that starts with redis://, rediss:// or unix://"),
        ("SENTRY_DSN", "must be a DSN such as https://key@sentry.example/1"),
        ("CONCIERGE_TURN_LEASE_SECONDS", "must be a number"),
        ("CONCIERGE_LOG_LEVEL", "must be DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, variable: str, words: str
) -> None:
    monkeypatch.setenv(variable, "hush-hush")

    with pytest.raises(InvalidInput) as caught:
        Settings()

    assert str(caught.value) == f"{variable}: {words}; correct the variable, or unset it."


@pytest.mark.parametrize("variable", ["REDIS_URL", "SENTRY_DSN"])
def test_what_is_no_url_at_all_is_not_repeated_either(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "redis://:hush℀hush@host:6379/0")

    with pytest.raises(InvalidInput) as caught:
        Settings()

    assert "hush" not in str(caught.value)
    assert str(caught.value).startswith(f"{variable}: must be a ")


def test_a_wrong_time_of_background_work_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCIERGE_WORK_MAX_RETRIES", "many")

    with pytest.raises(InvalidInput, match=r"^CONCIERGE_WORK_MAX_RETRIES: must be a whole number; correct"):
        WorkSettings()


def test_a_managed_database_needs_no_secret(secrets: Path) -> None:
    settings = Settings(secrets_file=secrets)
    managed = spec(postgres={"urlSecret": {"name": "own", "key": "database"}}, redis={})

    complete(settings, managed)

    assert told(settings)[:2] == [None, None]
    assert not_found(settings, managed) == {}

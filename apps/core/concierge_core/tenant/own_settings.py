"""What a property's YAML says about the processes that serve it: database, Redis, traces, errors, logs.

The environment wins: whoever starts a process knows better than the file. The standard `OTEL_*` variables win too
(`concierge_core.telemetry`).
"""

from __future__ import annotations

from typing import Any

from concierge_core.errors import InvalidInput, TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.model import SecretRef, TenantSpec
from concierge_core.tenant.secrets import SecretSource

DATABASE = "spec.postgres.urlSecret"
REDIS = "spec.redis.urlSecret"
SENTRY = "spec.observability.sentryDsnSecret"


_FIELDS = {"redis_url": REDIS, "sentry_dsn": SENTRY}
_FORMS = {"redis_url": "write redis://host:port/0", "sentry_dsn": "write the DSN as Sentry shows it"}


def complete(settings: Settings, spec: TenantSpec) -> None:
    """Put the YAML's values where the environment is silent. Once done, a second time changes nothing.

    Raises `TenantFileError` for an unusable secrets file, and for a secret that can't be what it should.
    """
    for name, value in _offered(settings, spec).items():
        if value is not None and name not in settings.model_fields_set:
            try:
                setattr(settings, name, value)
            except InvalidInput:
                raise TenantFileError(f"{_FIELDS[name]}: the secret holds no such address; {_FORMS[name]}.") from None


def not_found(settings: Settings, spec: TenantSpec) -> dict[str, SecretRef]:
    """The secrets that `complete` looked for in vain, by the field that names them."""
    known = {DATABASE: settings.database_url, REDIS: settings.redis_url, SENTRY: settings.sentry_dsn}
    return {field: ref for field, ref in _references(spec).items() if ref is not None and known[field] is None}


def _offered(settings: Settings, spec: TenantSpec) -> dict[str, Any]:
    secrets, references, seen = SecretSource(settings), _references(spec), spec.observability
    return {
        "database_url": secrets.get(references[DATABASE]),
        "redis_url": secrets.get(references[REDIS]),
        "sentry_dsn": secrets.get(references[SENTRY]),
        "otlp_endpoint": seen.otlp_endpoint,
        "trace_sample_ratio": seen.trace_sample_ratio,
        "log_level": seen.log_level if "log_level" in seen.model_fields_set else None,
    }


def _references(spec: TenantSpec) -> dict[str, SecretRef | None]:
    return {
        DATABASE: spec.postgres.url_secret if spec.postgres.mode == "external" else None,
        REDIS: spec.redis.url_secret if spec.redis.mode == "external" else None,
        SENTRY: spec.observability.sentry_dsn_secret,
    }

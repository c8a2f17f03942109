"""Configuration of every process, read once at start from the environment and passed down.

`REDIS_URL`, `DATABASE_URL`, `GEMINI_API_KEY` and `SENTRY_DSN` keep the names people know; all else is `CONCIERGE_*`.
What belongs to a property is in its `ConciergeTenant`; what that says about its processes completes these
(`tenant.own_settings`).
"""

from __future__ import annotations

import os
import socket
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AliasChoices,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from concierge_core.errors import InvalidInput

_WORDS = {
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
}


class ProcessSettings(BaseSettings):
    """Values from the environment; a wrong one is told by its variable's name, and never repeated: it may be secret."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", validate_assignment=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_words(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            raise InvalidInput("settings", "\n".join(map(cls._sentence, error.errors(include_url=False)))) from None

    @classmethod
    def _sentence(cls, detail: Any) -> str:
        name = str(detail["loc"][0]) if detail["loc"] else "?"
        variable = name if name.isupper() else f"{cls.model_config['env_prefix']}{name}".upper()
        if detail["type"] == "missing":
            return f"{variable} is missing; set it."
        words = _WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        return f"{variable}: {words}; correct the variable, or unset it."


class Settings(ProcessSettings):
    """One process's settings. Units are in the names; secrets are `SecretStr` and never printed."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_", populate_by_name=True)

    tenant_file: Path | None = None
    """The property's `ConciergeTenant` YAML (and the ConfigMaps beside it in the same file or folder)."""
    secrets_file: Path | None = None
    """YAML `{secret name: {key: value}}` for secret references, on one machine."""
    secrets_dir: Path | None = None
    """Mounted secrets `<dir>/<name>/<key>`, in a cluster."""
    knowledge_dir: Path | None = None
    """Mounted ConfigMaps with articles, `<dir>/<name>/<key>`, in a cluster; read again whenever they change."""
    first_password: SecretStr | None = None
    """Of the property's first account, when it is made by `concierge-migrate`; at least 12 characters."""
    data_dir: Path = Path(".concierge")
    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_URL", "CONCIERGE_DATABASE_URL")
    )
    """SQLAlchemy or plain postgresql:// URL; SQLite in `data_dir` when absent."""
    redis_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("REDIS_URL", "CONCIERGE_REDIS_URL"))
    gemini_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GEMINI_API_KEY", "CONCIERGE_GEMINI_API_KEY")
    )
    gemini_base_url: str | None = None
    """A proxy or a test server in front of Gemini."""
    sentry_dsn: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("SENTRY_DSN", "CONCIERGE_SENTRY_DSN")
    )
    encryption_keys: SecretStr | None = None
    """`kid:base64[,kid:base64…]`, 32-byte keys, first is current; else `data_dir/keys.json` is made at first start."""
    internal_token: SecretStr | None = None
    """Shared by a tenant's apps; required on the AI app's `/v1` when set."""
    ai_url: str = "http://127.0.0.1:8081"
    """Where the AI app listens: `http://host:port`, or `unix:/path/to/socket`."""
    public_url: str = "http://localhost:8080"
    """How guests reach this property, without a trailing slash; https here switches HSTS and secure cookies on."""
    trusted_proxies: str = ""
    """Comma-separated addresses or networks whose X-Forwarded-* headers are believed."""
    log_format: str = "json"
    """`json`, or `console` on a terminal."""
    log_level: str = "INFO"
    otlp_endpoint: str | None = None
    """Where traces go, without `/v1/traces`; the standard `OTEL_EXPORTER_OTLP_*` variables win."""
    trace_sample_ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of traces that are exported, 0 to 1; the standard `OTEL_TRACES_SAMPLER` wins."""

    turn_lease_seconds: float = 8.0
    turn_deadline_seconds: float = 30.0
    sweep_interval_seconds: float = 1.0
    owed_grace_seconds: float = 2.0
    """A turn owed for longer than this has no living process at work and is picked up by the sweep."""
    poll_interval_seconds: float = 1.0
    """How often the database is polled for news while Redis is away."""

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, level: str) -> str:
        return known_level(level)

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr | None) -> SecretStr | None:
        parts = _parts_of(url)
        if url is not None and (parts is None or parts.scheme not in ("redis", "rediss", "unix")):
            raise ValueError("must be a URL that starts with redis://, rediss:// or unix://")
        return url

    @field_validator("sentry_dsn")
    @classmethod
    def _is_dsn(cls, dsn: SecretStr | None) -> SecretStr | None:
        parts = _parts_of(dsn)
        whole = parts and parts.scheme in ("http", "https") and parts.username and parts.path.strip("/")
        if dsn is not None and not whole:
            raise ValueError("must be a DSN such as https://key@sentry.example/1")
        return dsn

    @cached_property
    def holder(self) -> str:
        """This process's name on leases."""
        return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"

    @property
    def https(self) -> bool:
        """The public URL is https: cookies are secure, HSTS is sent, plain requests are redirected."""
        return self.public_url.startswith("https://")


def known_level(level: str) -> str:
    """The level in capitals. Raises `ValueError` for what is none."""
    if level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return level.upper()


def _parts_of(url: SecretStr | None) -> SplitResult | None:
    """None for what is no URL at all: the library's own error would repeat it, password included."""
    try:
        return urlsplit(url.get_secret_value()) if url is not None else None
    except ValueError:
        return None

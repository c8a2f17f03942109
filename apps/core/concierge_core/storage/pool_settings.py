"""Sizes of the connection pools, from `CONCIERGE_DATABASE_*`; the defaults suit one web process."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from concierge_core.settings import ProcessSettings


class PoolSettings(ProcessSettings):
    """Read once at start. In a cluster the operator sets them, so that all replicas fit into `max_connections`."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_DATABASE_")

    pool_size: int = Field(default=10, ge=1)
    """PostgreSQL connections at most; they are opened as needed and stay open."""
    pool_timeout_seconds: float = Field(default=5, gt=0)
    """A request that waits longer than this for a connection is told that the database is away."""
    readers: int = Field(default=3, ge=1)
    """SQLite connections that read at the same time; there is always one that writes."""

"""Sizes of the connection pools, from `CONCIERGE_DATABASE_*`; the defaults suit one web process."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PoolSettings(BaseSettings):
    """Read once at start. In a cluster the operator sets them, so that all replicas fit into `max_connections`."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_DATABASE_", extra="ignore")

    pool_size: int = Field(default=8, ge=1)
    """PostgreSQL connections that stay open."""
    pool_overflow: int = Field(default=4, ge=0)
    """Further ones at peaks."""
    pool_timeout_seconds: float = Field(default=5, gt=0)
    """A request that waits longer than this for a connection is told that the database is away."""
    readers: int = Field(default=3, ge=1)
    """SQLite connections that read at the same time; there is always one that writes."""

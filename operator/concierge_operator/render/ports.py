"""Ports inside the cluster."""

from __future__ import annotations

from typing import Final

WEB_PORT: Final = 8080
AI_PORT: Final = 8081
POSTGRES_PORT: Final = 5432
REDIS_PORT: Final = 6379

"""One property on this machine: its YAML, its folder, its port, and what its parts are told."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from concierge_cli.declared import Declared
from concierge_cli.place import Place


@dataclass(frozen=True)
class House:
    """A property that this process runs."""

    declared: Declared
    place: Place
    port: int
    lock: IO[str]
    """Held until it is closed, or this process dies."""
    ai_socket: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ai_socket", self.place.ai_socket())

    @property
    def code(self) -> str:
        """The property's code."""
        return self.declared.code

    @property
    def url(self) -> str:
        """The guest page as this machine reaches it, without a trailing slash."""
        return f"http://localhost:{self.port}"

    def environment(self, redis_url: str, secrets_file: Path | None) -> dict[str, str]:
        """What its parts read (`concierge_core.settings`), on top of this process's own environment."""
        told = {
            "CONCIERGE_TENANT_FILE": str(Path(self.declared.source).resolve()),
            "CONCIERGE_DATA_DIR": str(self.place.folder),
            "CONCIERGE_AI_URL": f"unix:{self.ai_socket}",
            "CONCIERGE_INTERNAL_TOKEN": secrets.token_urlsafe(32),
            "CONCIERGE_PUBLIC_URL": os.environ.get("CONCIERGE_PUBLIC_URL", self.url),
            "REDIS_URL": redis_url,
            # glibc keeps an arena per thread; two are plenty for processes that mostly wait.
            "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
        }
        if secrets_file is not None:
            told["CONCIERGE_SECRETS_FILE"] = str(secrets_file.resolve())
        return {**os.environ, **told}

    def leave(self) -> None:
        """Take away what only a running house needs."""
        self.place.drop_socket(self.ai_socket)

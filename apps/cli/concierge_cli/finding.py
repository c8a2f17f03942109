"""One thing that `concierge doctor` looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and, unless all is well, what to do."""

    verdict: Verdict
    what: str
    remedy: str = ""


def reaches(what: str, attempt: Callable[[], None], remedy: str) -> Finding:
    """Whether an attempt to speak to it succeeds."""
    try:
        attempt()
    except Exception as error:
        return Finding(Verdict.PROBLEM, f"{what} does not answer ({type(error).__name__})", remedy)
    return Finding(Verdict.OK, f"{what} answers")


def ping_redis(url: str) -> None:
    """Raises whatever goes wrong."""
    from redis import Redis

    with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as redis:
        redis.ping()

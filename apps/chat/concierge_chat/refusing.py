"""How the errors of use cases are told to a guest: a stable code for programs, a kind sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

from concierge_core.errors import ConciergeError, Conflict, InvalidInput, NotAllowed, NotFound, TooMany
from concierge_core.texts import text


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code of the guest protocol, words in the guest's language where they are meant for guests, an HTTP status."""

    code: str
    message: str
    status: int
    retry_after_seconds: float | None = None


def explain(error: ConciergeError, language: str | None) -> Refusal:
    """What the guest is told about this error."""
    if isinstance(error, InvalidInput):
        return Refusal(error.code, str(error), 422)
    if isinstance(error, TooMany):
        seconds = max(1, round(error.retry_after_seconds))
        return Refusal("too_many", text("rate_limited", language, seconds=seconds), 429, error.retry_after_seconds)
    if isinstance(error, NotFound):
        return Refusal("bad_token", "this session is not known (any more): begin a new one", 401)
    if isinstance(error, Conflict):
        return Refusal("conflict", str(error), 409)
    if isinstance(error, NotAllowed):
        return Refusal("not_allowed", str(error), 403)
    return unavailable(language)


def unavailable(language: str | None) -> Refusal:
    """Something on our side does not work; nothing was stored."""
    return Refusal("unavailable", text("unavailable", language), 503, 3.0)

"""What an API server may answer other than yes, as errors that say what to do about it.

ConciergeError
├── Refusal          the server answered no: `status`, `reason`, `message`, `causes`
├── Retry            nothing is wrong, but something has to be waited for
└── AwayError        it could not be asked, or gave no answer that can be read
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from concierge_core.errors import ConciergeError

_LATER = frozenset({409, 429, 500, 502, 503, 504})


class AwayError(ConciergeError):
    """The API server can't be reached, or broke off; asking again later may help."""


class Retry(ConciergeError):
    """The same is tried again later, by itself."""


class Refusal(ConciergeError):
    """The API server said no. `causes`: field → what is wrong with it."""

    def __init__(self, status: int, reason: str, message: str, causes: Mapping[str, str]) -> None:
        super().__init__(message or f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.causes = dict(causes)

    @property
    def may_pass(self) -> bool:
        """The same request may be granted later without anybody changing it."""
        return self.status in _LATER

    @property
    def over_quota(self) -> bool:
        """The namespace's quota has no room for it."""
        return self.status == 403 and "exceeded quota" in str(self)


def refusal(status: int, answer: Mapping[str, Any]) -> Refusal:
    """From a `Status` object, as the server answers it."""
    details = answer.get("details") or {}
    causes = {c.get("field", ""): c.get("message", "") for c in details.get("causes") or ()}
    return Refusal(status, str(answer.get("reason", "")), str(answer.get("message", "")), causes)

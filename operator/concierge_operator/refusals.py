"""What an API server may answer other than yes, as errors that say what to do about it.

ConciergeError
├── Refusal          the server answered no: `status`, `reason`, `message`, `causes`
├── Retry            nothing is wrong, but something has to be waited for
└── AwayError        it could not be asked, or gave no answer that can be read
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from concierge_core.errors import ConciergeError

_LATER = frozenset({401, 409, 429, 500, 502, 503, 504})
_LACKS = re.compile(
    r'User "(?P<account>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
)
_LONGEST_WAIT_SECONDS = 300.0


class AwayError(ConciergeError):
    """The API server can't be reached, or broke off; asking again later may help."""


class Retry(ConciergeError):
    """The same is tried again later, by itself."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right, as RBAC names it: who, which verb, which resource and its group ("deployments.apps")."""

    account: str
    verb: str
    resource: str


class Refusal(ConciergeError):
    """The API server said no. `causes`: field → what is wrong with it. `retry_after_seconds`: it wants to be left
    alone for so long, 0 when it did not say."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        causes: Mapping[str, str],
        *,
        retry_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(message or f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.causes = dict(causes)
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_pass(self) -> bool:
        """The same request may be granted later without anybody changing it."""
        return self.status in _LATER

    @property
    def lacking_right(self) -> Right | None:
        """What the operator's own account may not do; None where it is something else that is forbidden."""
        found = _LACKS.search(str(self)) if self.status == 403 else None
        if found is None:
            return None
        resource = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
        return Right(found["account"], found["verb"], resource)

    @property
    def over_quota(self) -> bool:
        """The namespace's quota has no room for it."""
        return self.status == 403 and "exceeded quota" in str(self)

    @property
    def namespace_goes(self) -> bool:
        """The namespace is being deleted."""
        return self.status == 403 and "because it is being terminated" in str(self)


def refusal(status: int, answer: Mapping[str, Any], retry_after: str | None = None) -> Refusal:
    """From a `Status` object, as the server answers it, and its header Retry-After."""
    details = answer.get("details") or {}
    causes = {c.get("field", ""): c.get("message", "") for c in details.get("causes") or ()}
    wait = _seconds(retry_after) or _seconds(details.get("retryAfterSeconds"))
    reason, message = str(answer.get("reason", "")), str(answer.get("message", ""))
    return Refusal(status, reason, message, causes, retry_after_seconds=wait)


def _seconds(said: Any) -> float:
    """Seconds, as the API server says them; what can't be read is no wish. Bounded, since anybody may stand between."""
    try:
        return min(max(0.0, float(said)), _LONGEST_WAIT_SECONDS)
    except (TypeError, ValueError):
        return 0.0

"""The signature of a webhook: HMAC-SHA256 over `<timestamp>.<body>`, so that neither can be changed or replayed late.

`docs/notifications.md` tells receivers how to check it, with a test vector. Pure.
"""

from __future__ import annotations

import hashlib
import hmac

_VERSION = "v1"


def sign(secret: str, *, timestamp: int, body: bytes) -> str:
    """The value of `Concierge-Signature`. `timestamp` is in Unix seconds."""
    digest = hmac.new(secret.encode(), b"%d.%s" % (timestamp, body), hashlib.sha256).hexdigest()
    return f"{_VERSION}={digest}"


def is_genuine(secret: str, *, timestamp: int, body: bytes, signature: str, now: float, tolerance: float = 300) -> bool:
    """What a receiver checks: signed by us, and no more than `tolerance` seconds ago."""
    expected = sign(secret, timestamp=timestamp, body=body)
    return abs(now - timestamp) <= tolerance and hmac.compare_digest(expected, signature)

"""The signature of webhooks; the vector is the one in docs/notifications.md."""

from __future__ import annotations

import re
from pathlib import Path

from concierge_core.notifications.signature import is_genuine, sign

DOCUMENT = Path(__file__).parents[3] / "docs" / "notifications.md"
SECRET, TIMESTAMP = "whsec-example-key", 1_790_000_000
BODY = b'{"id":"6f1d","event":"handoff"}'


def test_the_documented_vector_holds() -> None:
    signature = sign(SECRET, timestamp=TIMESTAMP, body=BODY)

    document = DOCUMENT.read_text("utf-8")
    assert signature in document
    assert BODY.decode() in document
    assert re.search(rf"\b{TIMESTAMP}\b", document)


def test_a_changed_body_a_changed_time_or_another_key_is_refused() -> None:
    signature = sign(SECRET, timestamp=TIMESTAMP, body=BODY)

    def genuine(
        *, secret: str = SECRET, timestamp: int = TIMESTAMP, body: bytes = BODY, now: float = TIMESTAMP
    ) -> bool:
        return is_genuine(secret, timestamp=timestamp, body=body, signature=signature, now=now)

    assert genuine()
    assert not genuine(body=BODY + b" ")
    assert not genuine(timestamp=TIMESTAMP + 1)
    assert not genuine(secret="other")
    assert not genuine(now=TIMESTAMP + 301)

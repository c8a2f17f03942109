"""Names of tasks. They stay for ever: messages with them wait in databases and brokers across upgrades."""

from __future__ import annotations

NOTIFY_HANDOFF = "concierge.notify_handoff"
"""{conversation_id, reason}: a guest waits for a person."""
NOTIFY_HANDOFF_EXPIRED = "concierge.notify_handoff_expired"
"""{conversation_id}: nobody came in time."""
NOTIFY_REQUEST = "concierge.notify_request"
"""{request_id}: a service request was made."""
NOTIFY_CLOSED = "concierge.notify_conversation_closed"
"""{conversation_id}: a conversation ended."""
DELIVER = "concierge.deliver"
"""{target, event, subject_id, reason}: one notification to one address."""
ROLLUP = "concierge.roll_up_analytics"
RETENTION = "concierge.keep_retention"

"""Prometheus metrics of the apps, by their names on `/metrics`. Labels are few and never carry guest data."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("concierge_messages_total", "Messages stored", ["author", "channel"])
TURNS = Counter("concierge_turns_total", "Turns ended, by the rung that spoke or how else they ended", ["outcome"])
TAKEOVERS = Counter("concierge_turn_takeovers_total", "Turns taken over from a dead or stuck process")
HANDOFFS = Counter("concierge_handoffs_total", "Hand-offs to staff", ["reason"])
HANDOFFS_EXPIRED = Counter("concierge_handoffs_expired_total", "Hand-offs that nobody accepted in time")
FIRST_SENTENCE_SECONDS = Histogram(
    "concierge_first_sentence_seconds",
    "From the guest's message to the first sentence shown",
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32),
)
REPLY_SECONDS = Histogram(
    "concierge_reply_seconds",
    "From the guest's message to the stored reply",
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32),
)
OPEN_TURNS = Gauge("concierge_turns_running", "Turns running in this process")
SOCKETS = Gauge("concierge_guest_sockets", "Guest WebSockets open in this process")
BROADCAST_CONNECTED = Gauge(
    "concierge_broadcast_connected", "1 while Redis carries events, 0 while the database is polled"
)
OUTBOX_POSITION = Gauge("concierge_outbox_position", "Last event position given by the relay")
WORK_WAITING = Gauge(
    "concierge_work_waiting", "Background tasks stored and not done, as the relay's process counts them"
)
MODEL_TOKENS = Counter("concierge_model_tokens_total", "Tokens used of the model", ["model", "direction"])
HTTP_SECONDS = Histogram(
    "concierge_http_seconds",
    "Server time of HTTP requests",
    ["app", "status"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10),
)
